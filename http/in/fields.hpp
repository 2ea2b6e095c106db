#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/in/json_scan.hpp"
#include "http/in/refusals.hpp"

namespace sluice::http {

/// Reads the members of a request's body and gathers all that is wrong with
/// them, so that one answer names every fault. Names are compared unescaped.
/// Lives no longer than the document it reads.
class field_reader {
public:
  /// Members that are not `known` become faults.
  field_reader(const json_document &body,
               std::initializer_list<std::string_view> known);

  /// Null when it is absent.
  const json_member *find(std::string_view name) const;
  /// The same; absence is a fault.
  const json_member *require(std::string_view name);

  /// What a string stands for; another kind is a fault. Nothing then, and
  /// when it is absent (null).
  std::optional<std::string> string(const json_member *member);
  /// An integer from `lowest` to `highest`; all else is a fault.
  std::optional<long> integer(const json_member *member, long lowest,
                              long highest);

  /// True or false; all else is a fault. False when it is absent.
  bool flag(std::string_view name);

  /// What the strings of an array stand for, 1 to `most` of them; all else is
  /// a fault.
  std::optional<std::vector<std::string>> strings(const json_member *member,
                                                  std::size_t most);

  void fault(std::string_view member, std::string detail);

  bool is_good() const { return faults_.empty(); }
  /// The answer when it is not. `unknown-member` when that is all.
  problem refusal() const;

private:
  std::span<const json_member> members_;
  std::vector<field_fault> faults_;
  bool has_unknown_only_ = true;
};

/// The name of a member, unescaped.
std::string name_of(const json_member &member);

} // namespace sluice::http
