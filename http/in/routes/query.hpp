#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "http/in/refusals.hpp"

namespace sluice::http {

/// Reads the query parameters of a request and gathers all that is wrong with
/// them: unknown names, names that come twice, values that don't fit.
class query_reader {
public:
  query_reader(const request &in,
               std::initializer_list<std::string_view> known);

  std::optional<std::string_view> find(std::string_view name) const;

  /// Digits only, from `lowest` to `highest`; `otherwise` when it is absent.
  int integer(std::string_view name, int lowest, int highest, int otherwise);

  void fault(std::string_view name, std::string detail);

  bool is_good() const { return faults_.empty(); }
  problem refusal() const { return invalid_fields(faults_); }

private:
  const request &in_;
  std::vector<field_fault> faults_;
};

} // namespace sluice::http
