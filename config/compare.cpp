#include "config/compare.hpp"

#include <optional>

#include "config/describe.hpp"
#include "config/print.hpp"

namespace sluice::config {

namespace {

std::string text_in_file(const loaded &found, const description &setting) {
  auto text = found.in_file.find(setting.key);
  return text == found.in_file.end() ? std::string() : text->second;
}

std::optional<difference> compare_one(const description &setting,
                                      const standing &before,
                                      const standing &after) {
  auto is_other = [&](const settings &old, const settings &fresh) {
    return setting.get(old) != setting.get(fresh);
  };
  difference out{.key = std::string(setting.key),
                 .before = shown(setting, before.now.values),
                 .where = after.now.origin_of(setting.key)};
  if (is_other(before.now.values, after.now.values)) {
    out.after = shown(setting, after.now.values);
    return out;
  }
  if (setting.takes_effect == change::restart &&
      is_other(before.found.values, after.found.values) &&
      is_other(after.now.values, after.found.values)) {
    out.what = effect::needs_restart;
    out.after = shown(setting, after.found.values);
    return out;
  }
  auto old_text = text_in_file(before.found, setting);
  auto new_text = text_in_file(after.found, setting);
  if (old_text == new_text || out.where.from <= source::file)
    return std::nullopt;
  out.what = effect::outranked;
  out.before = visible(setting, old_text);
  out.after = visible(setting, new_text);
  return out;
}

} // namespace

std::string_view to_string(effect what) {
  switch (what) {
  case effect::applied:
    return "applied";
  case effect::needs_restart:
    return "restart";
  case effect::outranked:
    return "outranked";
  }
  return "applied";
}

std::vector<difference> compare(const standing &before, const standing &after) {
  std::vector<difference> out;
  for (const auto &setting : descriptions())
    if (auto found = compare_one(setting, before, after))
      out.push_back(std::move(*found));
  return out;
}

} // namespace sluice::config
