#include "config/load.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "config/describe.hpp"
#include "config/interpret.hpp"
#include "config/nearest.hpp"
#include "config/rules.hpp"
#include "config/toml_file.hpp"

namespace sluice::config {

namespace {

constexpr std::string_view variable_prefix = "SLUICE_";
constexpr std::string_view file_variable = "SLUICE_CONFIG";
// Nobody reads more, and each costs a search for what was meant.
constexpr std::size_t most_faults = 1000;

struct assignment {
  std::string_view name;
  std::string_view text;
};

std::optional<assignment> split(std::string_view pair) {
  auto sign = pair.find('=');
  if (sign == std::string_view::npos)
    return std::nullopt;
  return assignment{.name = pair.substr(0, sign),
                    .text = pair.substr(sign + 1)};
}

const description *find_variable(std::string_view variable) {
  for (const auto &row : descriptions())
    if (environment_name(row.key) == variable)
      return &row;
  return nullptr;
}

/// The part of a malformed `--set` that can only be a key: what follows may
/// be a secret.
std::string key_part(std::string_view text) {
  return std::string(
      text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz._")));
}

/// Goes through the sources and gathers values and faults.
class loader {
public:
  explicit loader(const sources &from) : from_(from) {}

  tl::expected<loaded, std::vector<fault>> run() {
    read_file();
    read_environment();
    read_overrides();
    check_rules();
    if (!faults_.empty())
      return tl::unexpected<std::vector<fault>>(std::move(faults_));
    return std::move(result_);
  }

private:
  void add(fault found) {
    faulty_.insert(found.key);
    if (faults_.size() < most_faults)
      faults_.push_back(std::move(found));
    else if (faults_.size() == most_faults)
      faults_.push_back({.where = found.where,
                         .problem = "more faults follow; the first " +
                                    std::to_string(most_faults) +
                                    " are listed"});
  }

  void take(const description &setting, const interpreted &found,
            const origin &where) {
    if (!found) {
      add({.where = where,
           .key = std::string(setting.key),
           .problem = found.error()});
      return;
    }
    setting.set(result_.values, *found);
    if (where.from == source::file)
      result_.in_file.insert_or_assign(std::string(setting.key),
                                       to_text(setting, *found));
    result_.origins.insert_or_assign(std::string(setting.key), where);
  }

  void take_file_name(const origin &where, std::string_view name) {
    if (name.empty())
      add({.where = where, .problem = "is empty; it has to name a file"});
    else
      result_.file = name;
  }

  void find_file() {
    if (from_.file) {
      take_file_name({.from = source::command_line, .name = "--config"},
                     from_.file->string());
      return;
    }
    for (const auto &variable : from_.environment) {
      auto pair = split(variable);
      if (!pair || pair->name != file_variable)
        continue;
      take_file_name(variable_origin(file_variable), pair->text);
      return;
    }
    // What is there in any form is read, so that a dangling link is a fault.
    std::error_code ignored;
    auto status = std::filesystem::symlink_status(from_.default_file, ignored);
    if (status.type() != std::filesystem::file_type::not_found)
      result_.file = from_.default_file;
  }

  void read_file() {
    find_file();
    if (!result_.file)
      return;
    auto entries = read_toml_file(*result_.file);
    if (!entries) {
      file_is_known_ = false;
      add(std::move(entries).error());
      return;
    }
    for (const auto &entry : *entries)
      take_entry(entry);
  }

  void take_entry(const file_entry &entry) {
    if (const auto *setting = find(entry.key)) {
      take(*setting, interpret_typed(*setting, entry.found), entry.where);
      return;
    }
    const auto *other = std::get_if<unfit>(&entry.found);
    fault found{.where = entry.where, .key = entry.key};
    if (is_section(entry.key)) {
      found.problem = "has to be a section, as in [" + entry.key + "]";
    } else if (other != nullptr && other->is_section) {
      found.problem = "unknown section";
      found.suggestion = nearest_section(entry.key);
    } else {
      found.problem = "unknown setting";
      found.suggestion = nearest_key(entry.key);
    }
    add(std::move(found));
  }

  void read_environment() {
    auto variables = from_.environment;
    std::ranges::sort(variables);
    for (const auto &variable : variables) {
      auto pair = split(variable);
      if (!pair || !pair->name.starts_with(variable_prefix) ||
          pair->name == file_variable)
        continue;
      auto where = variable_origin(pair->name);
      if (const auto *setting = find_variable(pair->name))
        take(*setting, interpret_text(*setting, pair->text), where);
      else
        add({.where = where,
             .problem = "unknown setting",
             .suggestion = nearest_variable(pair->name)});
    }
  }

  void read_overrides() {
    const origin where{.from = source::command_line, .name = "--set"};
    for (const auto &text : from_.overrides) {
      auto pair = split(text);
      if (!pair) {
        add({.where = where,
             .key = key_part(text),
             .problem = "has no value; write key=value"});
        continue;
      }
      if (const auto *setting = find(pair->name))
        take(*setting, interpret_text(*setting, pair->text), where);
      else
        add({.where = where,
             .key = std::string(pair->name),
             .problem = "unknown setting",
             .suggestion = nearest_key(pair->name)});
    }
  }

  void check_rules() {
    // What an unreadable file would have said is not known.
    if (!file_is_known_)
      return;
    auto is_faulty = [&](std::string_view key) {
      return faulty_.contains(key);
    };
    for (const auto &rule : rules())
      if (!is_faulty(rule.left) && !is_faulty(rule.right) &&
          !rule.holds(result_.values))
        add_contradiction(rule);
  }

  void add_contradiction(const rule &broken) {
    auto text = [&](std::string_view key) {
      const auto &setting = *find(key);
      return to_text(setting, setting.get(result_.values));
    };
    auto described = [&](std::string_view key) {
      return std::string(key) + " (" + text(key) + ", " +
             to_string(result_.origin_of(key)) + ")";
    };
    auto left = result_.origin_of(broken.left);
    auto right = result_.origin_of(broken.right);
    auto relation = " has to be " + std::string(broken.relation) + " ";
    // The fault goes to the one that was changed on top of the other.
    if (left.from >= right.from)
      add({.where = left,
           .key = std::string(broken.left),
           .problem = "is " + text(broken.left) + ", but" + relation +
                      described(broken.right)});
    else
      add({.where = right,
           .key = std::string(broken.right),
           .problem = "is " + text(broken.right) + ", but " +
                      described(broken.left) + relation + "that"});
  }

  static origin variable_origin(std::string_view name) {
    return {.from = source::environment, .name = std::string(name)};
  }

  const sources &from_;
  loaded result_;
  std::vector<fault> faults_;
  std::set<std::string, std::less<>> faulty_;
  bool file_is_known_ = true;
};

} // namespace

origin loaded::origin_of(std::string_view key) const {
  auto found = origins.find(key);
  return found == origins.end() ? origin{} : found->second;
}

tl::expected<loaded, std::vector<fault>> load(const sources &from) {
  return loader(from).run();
}

std::filesystem::path file_of(const sources &from) {
  if (from.file)
    return *from.file;
  for (const auto &variable : from.environment)
    if (auto pair = split(variable); pair && pair->name == file_variable)
      return pair->text;
  return from.default_file;
}

std::vector<std::string> process_environment() {
  std::vector<std::string> out;
  for (char **variable = environ; *variable != nullptr; ++variable)
    out.emplace_back(*variable);
  return out;
}

} // namespace sluice::config
