#include "tools/ctl/frame.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace sluice::tools {

namespace {

/// Text in one colour after the other, cut where the screen ends.
class painted_line {
public:
  painted_line(std::size_t columns, bool has_colours)
      : left_(columns), has_colours_(has_colours) {}

  painted_line &add(std::string_view text, tint how = tint::none) {
    const auto shown = cut(escaped(text), left_);
    left_ -= std::min(left_, width_of(shown));
    if (!shown.empty())
      out_ += tinted(shown, how, has_colours_);
    return *this;
  }

  /// The text in so many columns at the least.
  painted_line &add_padded(std::string_view text, std::size_t columns,
                           tint how = tint::none) {
    const auto width = width_of(escaped(text));
    add(text, how);
    return add(std::string(columns - std::min(columns, width), ' '));
  }

  const std::string &text() const { return out_; }

private:
  std::size_t left_;
  bool has_colours_;
  std::string out_;
};

class screen {
public:
  screen(screen_size size, bool has_colours)
      : size_(size), has_colours_(has_colours) {}

  painted_line line() const { return {size_.columns, has_colours_}; }
  void put(const painted_line &one) {
    if (lines_.size() < size_.rows)
      lines_.push_back(one.text());
  }
  void put_blank() { put(line()); }
  /// A table, its first line faint.
  void put_table(const std::vector<std::vector<std::string>> &table) {
    auto text = aligned(table);
    auto how = tint::faint;
    while (!text.empty()) {
      const auto end = text.find('\n');
      put(line().add(text.substr(0, end), how));
      text.erase(0, end + 1);
      how = tint::none;
    }
  }
  std::vector<std::string> lines() const { return lines_; }

private:
  screen_size size_;
  bool has_colours_;
  std::vector<std::string> lines_;
};

std::string one_decimal(double value) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.1f", value);
  return {text, static_cast<std::size_t>(size)};
}

std::string bar(double share, std::size_t width) {
  const auto full = static_cast<std::size_t>(
      std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
  return std::string(full, '#') + std::string(width - full, '.');
}

tint tint_of_dial(std::string_view value) {
  if (value == "async" || value == "running")
    return tint::good;
  return value == "reject" ? tint::bad : tint::warning;
}

void put_head(screen &on, const json &seen, const std::string &trouble) {
  auto head = on.line();
  const auto status = word(seen, "health.status");
  head.add("sluice top  ")
      .add(word(seen, "health.node"))
      .add("  version " + word(seen, "health.version") + "  ")
      .add(status, tint_of(status))
      .add("  " + word(seen, "at"), tint::faint);
  on.put(head);
  if (!trouble.empty())
    on.put(on.line().add("no connection, trying again: " + trouble, tint::bad));
}

void put_dials(screen &on, const json &seen) {
  const bool has_gate = at(seen, "gate").is_object();
  auto line = on.line();
  const std::pair<const char *, std::string> dials[] = {
      {"intake ", word(seen, has_gate ? "gate.ingest" : "health.mode")},
      {"   processing ",
       word(seen, has_gate ? "gate.processing" : "health.processing")},
      {"   delivery ",
       word(seen, has_gate ? "gate.delivery" : "health.delivery")}};
  for (const auto &[name, value] : dials)
    line.add(name).add(value, tint_of_dial(value));
  if (at(seen, "gate.resume_at").is_string())
    line.add("   resumes at " + word(seen, "gate.resume_at"));
  on.put(line);
}

void put_state(screen &on, const json &seen) {
  const auto database = word(seen, "health.database");
  const auto cause = at(seen, "health.database_error").is_string()
                         ? ": " + word(seen, "health.database_error")
                         : std::string();
  const auto balanced = at(seen, "health.ledger.balanced");
  const bool is_off = balanced == false;
  const auto restarts = number_at(seen, "health.restarts_last_hour");
  on.put(on.line()
             .add("database ")
             .add(database + cause, database == "up" ? tint::good : tint::bad)
             .add("   ledger ")
             .add(ledger_word(balanced), is_off ? tint::bad : tint::none)
             .add("   restarts ")
             .add(word(seen, "health.restarts_last_hour") + " in the last hour",
                  restarts > 0 ? tint::warning : tint::none));
  on.put(on.line()
             .add("workers " + word(seen, "counts.workers.busy") + " of " +
                  word(seen, "counts.workers.all") + " busy")
             .add("   cores " +
                  (at(seen, "rates.cores_busy").is_number()
                       ? one_decimal(number_at(seen, "rates.cores_busy"))
                       : "-") +
                  " busy"));
}

/// "accepted 12.0 /s  stored 11.5 /s".
void put_rates(screen &on, const json &seen) {
  const auto rate = [&](const char *path) {
    const auto value = at(seen, path);
    return value.is_number() ? one_decimal(value.get<double>()) + "/s" : "-";
  };
  const auto level = word(seen, "health.rates.level");
  on.put(on.line()
             .add("accepted ")
             .add_padded(rate("rates.accepted_per_second"), 10)
             .add("stored ")
             .add_padded(rate("rates.stored_per_second"), 10)
             .add("last minute " +
                  word(seen, "health.rates.accepted_per_minute") +
                  " accepted, " + word(seen, "health.rates.stored_per_minute") +
                  " stored")
             .add(level == "normal" || level == "-" ? "" : "  " + level,
                  tint_of(level)));
}

void put_queue(screen &on, const json &seen, std::size_t columns) {
  constexpr std::size_t label_width = 13;
  constexpr std::size_t number_width = 12;
  constexpr std::size_t longest_bar = 50;
  const auto room =
      columns - std::min(columns, label_width + number_width + 12);
  const auto width = std::min(longest_bar, room);
  const auto most = std::max({1.0, number_at(seen, "health.queue.pending"),
                              number_at(seen, "health.queue.processing"),
                              number_at(seen, "health.queue.quarantined")});
  const auto put = [&](const char *name, const std::string &path,
                       const std::string &level) {
    const auto count = number_at(seen, path);
    on.put(on.line()
               .add_padded(name, label_width)
               .add_padded(word(seen, path), number_width)
               .add(bar(count / most, width), tint::faint)
               .add(level == "normal" || level == "-" ? "" : "  " + level,
                    tint_of(level)));
  };
  put("pending", "health.queue.pending", word(seen, "health.queue.level"));
  put("processing", "health.queue.processing", "-");
  put("quarantined", "health.queue.quarantined", "-");
  put("stuck", "health.stuck.count", word(seen, "health.stuck.level"));
  if (at(seen, "health.queue.oldest_pending_seconds").is_number())
    on.put(on.line().add("the oldest waits for " +
                         word(seen, "health.queue.oldest_pending_seconds") +
                         " s"));
}

void put_nodes(screen &on, const json &seen) {
  std::vector<std::vector<std::string>> table{
      {"NODE", "VERSION", "DIALS AT", "SILENT FOR"}};
  for (const auto &one : list_of(seen, "nodes"))
    table.push_back({word(one, "name"), word(one, "version"),
                     word(one, "gate_version"),
                     word(one, "silent_for_ms") + " ms"});
  if (table.size() > 1)
    on.put_table(table);
}

/// Parts that were started again, or don't run; the others are no news.
void put_parts(screen &on, const json &seen) {
  std::vector<std::vector<std::string>> table{
      {"PART", "STATE", "RESTARTS", "SINCE", "LAST ERROR"}};
  for (const auto &one : list_of(seen, "actors"))
    if (number_at(one, "restarts") > 0 || word(one, "state") != "running")
      table.push_back({word(one, "name"), word(one, "state"),
                       word(one, "restarts"), word(one, "since"),
                       word(one, "last_error")});
  if (table.size() > 1)
    on.put_table(table);
  else
    on.put(on.line().add("all parts run, none was started again", tint::faint));
}

} // namespace

json rates_between(const top_look &before, const top_look &now) {
  const auto from = epoch_seconds_at(before.counts, "at");
  const auto to = epoch_seconds_at(now.counts, "at");
  constexpr double shortest = 0.01;
  if (!from || !to || *to - *from < shortest)
    return nullptr;
  const auto span = *to - *from;
  const auto grown = [&](const char *name) {
    return number_at(now.counts, name) - number_at(before.counts, name);
  };
  const auto accepted = grown("accepted") + grown("created");
  const auto stored = grown("stored") + grown("created");
  if (accepted < 0 || stored < 0 || grown("cpu_seconds") < 0)
    return nullptr;
  return {{"accepted_per_second", accepted / span},
          {"stored_per_second", stored / span},
          {"cores_busy", grown("cpu_seconds") / span}};
}

json document_of(const top_look &seen, const json &rates) {
  return {{"at", at(seen.counts, "at")},
          {"health", seen.health},
          {"gate", seen.gate},
          {"counts", seen.counts},
          {"rates", rates},
          {"nodes", at(seen.nodes, "nodes")},
          {"actors", at(seen.actors, "actors")}};
}

std::vector<std::string> draw_top(const json &document,
                                  const std::string &trouble, screen_size size,
                                  bool has_colours) {
  screen on(size, has_colours);
  put_head(on, document, trouble);
  put_dials(on, document);
  put_state(on, document);
  on.put_blank();
  put_rates(on, document);
  put_queue(on, document, size.columns);
  on.put_blank();
  put_nodes(on, document);
  put_parts(on, document);
  return on.lines();
}

} // namespace sluice::tools
