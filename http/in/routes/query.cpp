#include "http/in/routes/query.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "http/in/json_text.hpp"

namespace sluice::http {

query_reader::query_reader(const request &in,
                           std::initializer_list<std::string_view> known)
    : in_(in) {
  constexpr std::size_t named_at_most = 10;
  for (auto at = in.query.begin(); at != in.query.end(); ++at) {
    const auto &name = at->first;
    if (faults_.size() >= named_at_most)
      return;
    if (std::find(known.begin(), known.end(), name) == known.end())
      fault(name, "is not known");
    else if (std::any_of(in.query.begin(), at, [&name](const auto &other) {
               return other.first == name;
             }))
      fault(name, "is there twice");
  }
}

std::optional<std::string_view>
query_reader::find(std::string_view name) const {
  for (const auto &[key, value] : in_.query)
    if (key == name)
      return value;
  return std::nullopt;
}

int query_reader::integer(std::string_view name, int lowest, int highest,
                          int otherwise) {
  const auto text = find(name);
  if (!text)
    return otherwise;
  int value = 0;
  const char *const end = text->data() + text->size();
  const auto [stop, code] = std::from_chars(text->data(), end, value);
  if (code == std::errc{} && stop == end && value >= lowest &&
      value <= highest && !text->starts_with('-'))
    return value;
  fault(name, "has to be an integer from " + std::to_string(lowest) + " to " +
                  std::to_string(highest));
  return otherwise;
}

void query_reader::fault(std::string_view name, std::string detail) {
  faults_.push_back({"query:" + pointer_to(name).substr(1), std::move(detail)});
}

} // namespace sluice::http
