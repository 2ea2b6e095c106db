#include "tools/bench/load_figure.hpp"

#include <array>
#include <cstdio>

namespace sluice::tools {

namespace {

double milliseconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

} // namespace

void load_figure::add(const load_result &result) {
  figure_.samples.push_back(result.per_second() * scale_);
  std::array<char, 128> text{};
  const auto &latency = result.latency;
  std::snprintf(
      text.data(), text.size(), "ms: p50 %.2f, p95 %.2f, p99 %.2f, max %.1f",
      milliseconds_of(latency.quantile(0.5)),
      milliseconds_of(latency.quantile(0.95)),
      milliseconds_of(latency.quantile(0.99)), milliseconds_of(latency.max()));
  latencies_ = text.data();
  auto faults = result.faults();
  if (!faults.empty())
    faults_ += "; faults " + faults;
}

figure load_figure::done() const {
  auto all = figure_;
  all.note = latencies_ + faults_;
  return all;
}

} // namespace sluice::tools
