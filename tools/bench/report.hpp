#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace sluice::tools {

/// One thing that was measured several times.
struct figure {
  std::string name;
  std::string unit;
  std::vector<double> samples;
  /// More about the runs, for people.
  std::string note;

  double median() const;
};

/// A promise about figures of the same run.
struct bar {
  std::string name;
  double value = 0;
  double limit = 0;
  bool is_at_most = false;

  bool is_met() const { return is_at_most ? value <= limit : value >= limit; }
};

/// What one run of the bench found, scenario by scenario.
class report {
public:
  /// What is added from now on belongs to this scenario.
  void begin(const std::string &scenario);
  void add(const figure &measured);
  void add(const bar &judged);

  bool are_all_met() const;

  /// A table for people.
  void print(std::ostream &out) const;
  /// The same for programs, with every sample and what the machine is.
  std::string to_json() const;

private:
  struct section {
    std::string scenario;
    std::vector<figure> figures;
    std::vector<bar> bars;
  };
  std::vector<section> sections_;
};

double median(std::vector<double> samples);

} // namespace sluice::tools
