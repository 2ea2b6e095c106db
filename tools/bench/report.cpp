#include "tools/bench/report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <ostream>
#include <thread>

#include <nlohmann/json.hpp>

#include "sluice_version.hpp"

namespace sluice::tools {

namespace {

std::string number(double value) {
  std::array<char, 64> text{};
  const char *form = value >= 1000 ? "%.0f" : value >= 10 ? "%.1f" : "%.3f";
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

void print_line(std::ostream &out, const figure &one) {
  std::array<char, 256> text{};
  auto [low, high] =
      std::minmax_element(one.samples.begin(), one.samples.end());
  std::snprintf(text.data(), text.size(), "  %-44s %10s %-7s [%s .. %s]  ",
                one.name.c_str(), number(one.median()).c_str(),
                one.unit.c_str(), number(*low).c_str(), number(*high).c_str());
  out << text.data() << one.note << '\n';
}

void print_line(std::ostream &out, const bar &one) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), "  %-44s %10s         bar %s %s: %s",
                one.name.c_str(), number(one.value).c_str(),
                one.is_at_most ? "<=" : ">=", number(one.limit).c_str(),
                one.is_met() ? "met" : "NOT MET");
  out << text.data() << '\n';
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(':') + 2);
  return "unknown";
}

} // namespace

double median(std::vector<double> samples) {
  if (samples.empty())
    return 0;
  std::sort(samples.begin(), samples.end());
  auto middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle]
                                 : (samples[middle - 1] + samples[middle]) / 2;
}

double figure::median() const {
  return tools::median(samples);
}

void report::begin(const std::string &scenario) {
  sections_.push_back({scenario, {}, {}});
}

void report::add(const figure &measured) {
  sections_.back().figures.push_back(measured);
}

void report::add(const bar &judged) {
  sections_.back().bars.push_back(judged);
}

bool report::are_all_met() const {
  return std::all_of(sections_.begin(), sections_.end(), [](const auto &one) {
    return std::all_of(one.bars.begin(), one.bars.end(),
                       [](const bar &judged) { return judged.is_met(); });
  });
}

void report::print(std::ostream &out) const {
  out << "sluice " << version << " on " << std::thread::hardware_concurrency()
      << " cores, " << processor_name() << "; median [lowest .. highest]\n";
  for (const auto &one : sections_) {
    out << '\n' << one.scenario << '\n';
    for (const auto &measured : one.figures)
      print_line(out, measured);
    for (const auto &judged : one.bars)
      print_line(out, judged);
  }
}

std::string report::to_json() const {
  nlohmann::ordered_json out;
  out["version"] = version;
  out["cores"] = std::thread::hardware_concurrency();
  out["processor"] = processor_name();
  out["all_met"] = are_all_met();
  for (const auto &one : sections_) {
    nlohmann::ordered_json scenario{{"scenario", one.scenario}};
    for (const auto &measured : one.figures)
      scenario["figures"].push_back({{"name", measured.name},
                                     {"unit", measured.unit},
                                     {"median", measured.median()},
                                     {"samples", measured.samples},
                                     {"note", measured.note}});
    for (const auto &judged : one.bars)
      scenario["bars"].push_back({{"name", judged.name},
                                  {"value", judged.value},
                                  {"limit", judged.limit},
                                  {"at_most", judged.is_at_most},
                                  {"met", judged.is_met()}});
    out["scenarios"].push_back(scenario);
  }
  return out.dump(2);
}

} // namespace sluice::tools
