#pragma once

#include <string>

#include "tools/bench/load_generator.hpp"
#include "tools/bench/report.hpp"

namespace sluice::tools {

/// Runs under the same load, gathered into one figure: requests a second
/// times `scale`, with the latencies of the last run and all faults.
class load_figure {
public:
  load_figure(std::string name, std::string unit, double scale = 1)
      : figure_{std::move(name), std::move(unit), {}, {}}, scale_(scale) {}

  void add(const load_result &result);
  double last() const { return figure_.samples.back(); }
  figure done() const;

private:
  figure figure_;
  double scale_;
  std::string latencies_;
  std::string faults_;
};

} // namespace sluice::tools
