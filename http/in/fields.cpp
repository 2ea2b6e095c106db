#include "http/in/fields.hpp"

#include <algorithm>
#include <utility>

#include "http/in/json_number.hpp"
#include "http/in/json_text.hpp"

namespace sluice::http {

namespace {

bool is_named(const json_member &member, std::string_view name) {
  return member.name_has_escapes ? json_unescape(member.name) == name
                                 : member.name == name;
}

std::string in_list(std::initializer_list<std::string_view> names) {
  std::string out;
  for (const auto name : names) {
    out += out.empty() ? "" : ", ";
    out += name;
  }
  return out;
}

} // namespace

field_reader::field_reader(const json_document &body,
                           std::initializer_list<std::string_view> known)
    : members_(body.members) {
  if (body.kind != json_kind::object) {
    faults_.push_back({"", "has to be an object"});
    has_unknown_only_ = false;
    return;
  }
  constexpr std::size_t named_at_most = 10;
  for (const auto &member : members_) {
    const bool is_known =
        std::any_of(known.begin(), known.end(), [&](std::string_view name) {
          return is_named(member, name);
        });
    if (!is_known && faults_.size() < named_at_most)
      faults_.push_back({pointer_to(name_of(member)),
                         "is not known; known are " + in_list(known)});
  }
}

const json_member *field_reader::find(std::string_view name) const {
  for (const auto &member : members_)
    if (is_named(member, name))
      return &member;
  return nullptr;
}

const json_member *field_reader::require(std::string_view name) {
  const json_member *const found = find(name);
  if (found == nullptr)
    fault(name, "is missing");
  return found;
}

std::optional<std::string> field_reader::string(const json_member *member) {
  if (member == nullptr)
    return std::nullopt;
  if (member->kind != json_kind::string) {
    fault(name_of(*member), "has to be a string");
    return std::nullopt;
  }
  return json_unescape(member->text.substr(1, member->text.size() - 2));
}

std::optional<long> field_reader::integer(const json_member *member,
                                          long lowest, long highest) {
  if (member == nullptr)
    return std::nullopt;
  const auto value = member->kind == json_kind::number
                         ? json_integer(member->text)
                         : std::nullopt;
  if (value && *value >= lowest && *value <= highest)
    return value;
  fault(name_of(*member), "has to be an integer from " +
                              std::to_string(lowest) + " to " +
                              std::to_string(highest));
  return std::nullopt;
}

bool field_reader::flag(std::string_view name) {
  const auto *const member = find(name);
  if (member == nullptr)
    return false;
  if (member->kind != json_kind::boolean)
    fault(name, "has to be true or false");
  return member->text == "true";
}

std::optional<std::vector<std::string>>
field_reader::strings(const json_member *member, std::size_t most) {
  if (member == nullptr)
    return std::nullopt;
  std::vector<std::string> out;
  json_scanner elements;
  const auto take = [&](const json_scanner::scanned &one) {
    if (!one || one->kind != json_kind::string || out.size() == most) {
      out.clear();
      return false;
    }
    out.push_back(json_unescape(one->text.substr(1, one->text.size() - 2)));
    return true;
  };
  const auto whole = elements.scan_array(member->text, take);
  if (whole && !out.empty())
    return out;
  fault(name_of(*member),
        "has to be an array of 1 to " + std::to_string(most) + " strings");
  return std::nullopt;
}

void field_reader::fault(std::string_view member, std::string detail) {
  // Of a body that is no object, nothing more is to be said.
  if (faults_.size() == 1 && faults_.front().pointer.empty())
    return;
  has_unknown_only_ = false;
  faults_.push_back({pointer_to(member), std::move(detail)});
}

problem field_reader::refusal() const {
  problem out = invalid_fields(faults_, has_unknown_only_ ? "unknown-member"
                                                          : "validation");
  return out;
}

std::string name_of(const json_member &member) {
  return member.name_has_escapes ? json_unescape(member.name)
                                 : std::string(member.name);
}

} // namespace sluice::http
