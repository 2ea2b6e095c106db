#include "config/merge.hpp"

#include <algorithm>
#include <utility>

#include "config/describe.hpp"
#include "config/interpret.hpp"
#include "config/nearest.hpp"
#include "config/rules.hpp"

namespace sluice::config {

namespace {

const origin of_override{.from = source::runtime, .name = "override"};

std::string held_text(std::string_view key, const settings &all) {
  const auto &setting = *find(key);
  return to_text(setting, setting.get(all));
}

bool is_hot(std::string_view key) {
  return find(key)->takes_effect == change::hot;
}

std::string contradiction(const rule &broken, const settings &all) {
  auto key = std::string(broken.right);
  auto out = "is " + held_text(broken.left, all) + ", but has to be " +
             std::string(broken.relation) + " " + key + " (" +
             held_text(key, all);
  return out + (is_hot(key) ? ")" : " until a restart)");
}

/// Why the override can't be carried out; `into` has it when it can.
fault assign(settings &into, const override_value &one) {
  fault out{.where = of_override, .key = one_line(one.key)};
  const auto *setting = find(one.key);
  if (setting == nullptr) {
    out.problem = "unknown setting";
    out.suggestion = nearest_key(one.key);
  } else if (setting->takes_effect != change::hot) {
    out.problem = "takes effect at a start only";
  } else if (setting->type == value_type::secret) {
    out.problem = "is a secret, and overrides are kept in the database; "
                  "change it in the file";
  } else if (auto found = interpret_text(*setting, one.text)) {
    setting->set(into, *found);
  } else {
    out.problem = found.error();
  }
  return out;
}

class merger {
public:
  merger(const settings &at_start, const loaded &found)
      : at_start_(at_start), found_(found) {
    out_.origins = found.origins;
  }

  tl::expected<merged, std::vector<fault>>
  run(std::span<const override_value> overrides) {
    out_.values = base();
    if (auto faults = contradictions(); !faults.empty())
      return tl::unexpected<std::vector<fault>>(std::move(faults));
    take(overrides);
    return std::move(out_);
  }

private:
  /// What the sources say, as far as it may hold now.
  settings base() {
    auto values = at_start_;
    for (const auto &setting : descriptions()) {
      auto wanted = setting.get(found_.values);
      if (wanted == setting.get(at_start_))
        continue;
      if (setting.takes_effect == change::hot)
        setting.set(values, wanted);
      else
        out_.waiting.emplace_back(setting.key);
    }
    return values;
  }

  std::vector<fault> contradictions() const {
    std::vector<fault> faults;
    for (const auto &rule : rules())
      if (!rule.holds(out_.values))
        faults.push_back({.where = found_.origin_of(rule.left),
                          .key = std::string(rule.left),
                          .problem = contradiction(rule, out_.values)});
    return faults;
  }

  void take(std::span<const override_value> overrides) {
    std::vector<override_value> good;
    for (const auto &one : overrides) {
      settings ignored = out_.values;
      if (auto why = assign(ignored, one); why.problem.empty())
        good.push_back(one);
      else
        out_.skipped.push_back(std::move(why));
    }
    // Without any of them all rules hold, so this ends.
    while (skip_one(good)) {
    }
    for (const auto &one : good) {
      (void)assign(out_.values, one);
      out_.origins.insert_or_assign(one.key, of_override);
    }
  }

  /// Gives up one of the overrides that together break a rule.
  bool skip_one(std::vector<override_value> &good) {
    auto values = out_.values;
    for (const auto &one : good)
      (void)assign(values, one);
    for (const auto &rule : rules()) {
      if (rule.holds(values))
        continue;
      auto at = std::ranges::find_if(good, [&](auto &one) {
        return one.key == rule.left || one.key == rule.right;
      });
      if (at == good.end())
        continue;
      auto why = contradiction(rule, values);
      if (at->key == rule.right)
        why.insert(0, "does not fit: " + std::string(rule.left) + " ");
      out_.skipped.push_back(
          {.where = of_override, .key = at->key, .problem = std::move(why)});
      good.erase(at);
      return true;
    }
    return false;
  }

  const settings &at_start_;
  const loaded &found_;
  merged out_;
};

} // namespace

origin merged::origin_of(std::string_view key) const {
  auto found = origins.find(key);
  return found == origins.end() ? origin{} : found->second;
}

tl::expected<merged, std::vector<fault>>
merge(const settings &at_start, const loaded &found,
      std::span<const override_value> overrides) {
  return merger(at_start, found).run(overrides);
}

std::string check_override(std::string_view key, std::string_view text) {
  settings ignored;
  auto why = assign(ignored, {std::string(key), std::string(text)});
  if (!why.problem.empty() && !why.suggestion.empty())
    why.problem += "; did you mean " + why.suggestion + "?";
  return why.problem;
}

} // namespace sluice::config
