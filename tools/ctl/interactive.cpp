#include "tools/ctl/interactive.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "config/describe.hpp"
#include "tools/ctl/completion.hpp"
#include "tools/ctl/history_file.hpp"
#include "tools/ctl/interrupt.hpp"
#include "tools/ctl/json_words.hpp"
#include "tools/ctl/line_editor.hpp"
#include "tools/ctl/line_words.hpp"
#include "tools/ctl/usage.hpp"
#include "tools/ctl/verb_tree.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;
using words = std::vector<std::string>;

constexpr milliseconds longest_glance{2'000};

/// The verbs, and what the common options said; anew for each line, so that
/// none knows what the one before it has said.
struct line_parser {
  line_parser(const manner &usual, const verb_runner &run)
      : how(usual), tree(app, run) {
    app.require_subcommand(1);
    app.failure_message(usage_message);
    app.footer("Beside them: help [VERB], exit.\nCtrl-C gives up a line, "
               "Ctrl-D or exit leave; Tab completes.");
    add_manner(app, how);
    add_verbs(tree);
  }
  line_parser(const line_parser &) = delete;
  line_parser &operator=(const line_parser &) = delete;
  ~line_parser() = default;

  CLI::App app{"Orders to a running service", ""};
  manner how;
  verb_tree tree;
};

bool is_exit(const words &said) {
  return said.size() == 1 && (said[0] == "exit" || said[0] == "quit");
}

/// Without what only a shell needs: lines may come from a page that was
/// written for one. `help mode` means `mode --help`.
words plain_words(words said) {
  if (said.size() >= 2 && said[0] == "sluice" && said[1] == "ctl")
    said.erase(said.begin(), said.begin() + 2);
  if (!said.empty() && said[0] == "help") {
    said.erase(said.begin());
    said.emplace_back("--help");
  }
  return said;
}

ctl_exit carry_out(console &on, const manner &usual, words said) {
  auto out = ctl_exit::done;
  line_parser *current = nullptr;
  line_parser parser(usual, [&](const verb &what, const verb_options &options) {
    const auto &how = current->how;
    on.use(how.is_json, how.is_sure, how.timeout);
    out = what(on, options);
  });
  current = &parser;
  // As CLI11 wants them: the last one first.
  std::ranges::reverse(said);
  try {
    parser.app.parse(said);
  } catch (const CLI::ParseError &wrong) {
    if (parser.app.exit(wrong) != 0)
      out = ctl_exit::usage;
  }
  on.use(usual.is_json, usual.is_sure, usual.timeout);
  std::cout << std::flush;
  return out;
}

/// What is to be done with a line.
enum class line_kind : std::uint8_t { nothing, order, leave };

struct understood_line {
  line_kind what = line_kind::nothing;
  words said{};
  ctl_exit fault = ctl_exit::done;
};

understood_line understand(console &on, std::string_view line) {
  auto said = split_line(line);
  if (!said)
    return {.fault = on.fail(ctl_exit::usage, said.error())};
  if (said->empty())
    return {};
  if (is_exit(*said))
    return {.what = line_kind::leave};
  auto plain = plain_words(std::move(*said));
  if (plain.empty())
    return {};
  return {.what = line_kind::order, .said = std::move(plain)};
}

ctl_exit run_script(console &on, const manner &how) {
  auto last_fault = ctl_exit::done;
  for (std::string line; std::getline(std::cin, line);) {
    auto next = understand(on, line);
    if (next.what == line_kind::leave)
      break;
    auto ended = next.fault;
    if (next.what == line_kind::order)
      ended = carry_out(on, how, std::move(next.said));
    if (ended != ctl_exit::done)
      last_fault = ended;
  }
  return last_fault;
}

/// One at a terminal.
class session {
public:
  session(console &on, const manner &how)
      : on_(on), how_(how), history_(history_path()),
        parser_(how, [](const verb &, const verb_options &) {}),
        editor_([this](std::string_view line) {
          return candidates(parser_.app, line, names());
        }) {
    for (const auto &line : history_.lines())
      editor_.remember(line);
    for (const auto &setting : config::descriptions())
      names_.settings.emplace_back(setting.key);
  }

  ctl_exit run() {
    const interrupt_watch interrupts;
    for (;;) {
      const auto answer = editor_.read(prompt());
      if (answer.how == line_editor::ending::end)
        return ctl_exit::done;
      if (answer.how == line_editor::ending::given_up)
        continue;
      keep(answer.line);
      auto next = understand(on_, answer.line);
      if (next.what == line_kind::leave)
        return ctl_exit::done;
      if (next.what == line_kind::order)
        carry_out(on_, how_, std::move(next.said));
      interrupt_watch::forget();
    }
  }

private:
  void keep(const std::string &line) {
    if (!may_be_kept(line))
      return;
    editor_.remember(line);
    history_.add(line);
  }

  /// A line that was lost is told here, at the latest, and not made again:
  /// that may take its time.
  std::string prompt() {
    if (!on_.is_connected())
      return prompt_of(nullptr);
    const auto seen = on_.look("/health/ready", longest_glance);
    if (seen)
      return prompt_of(seen->body);
    on_.fail(seen.error().how, seen.error().text.empty()
                                   ? "the service does not answer in time"
                                   : seen.error().text);
    return prompt_of(nullptr);
  }

  /// The parts are asked for when they are needed first.
  const known_names &names() {
    if (!names_.parts.empty() || !on_.is_connected())
      return names_;
    if (const auto seen = on_.look("/admin/v1/actors", longest_glance))
      for (const auto &one : list_of(seen->body, "actors"))
        if (at(one, "restart_as").is_string())
          names_.parts.push_back(escaped(word(one, "restart_as")));
    return names_;
  }

  console &on_;
  manner how_;
  history_file history_;
  line_parser parser_;
  known_names names_;
  line_editor editor_;
};

bool is_at_terminal() {
  const char *kind = std::getenv("TERM");
  const bool is_able =
      kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
  return is_able && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

} // namespace

std::string prompt_of(const json &health) {
  if (!health.is_object())
    return "sluice (no connection)> ";
  return "sluice " + escaped(word(health, "mode")) + '/' +
         escaped(word(health, "processing")) + ' ' +
         escaped(word(health, "queue.pending")) + " waiting> ";
}

ctl_exit run_console(console &on, const manner &how) {
  on.keep();
  if (!is_at_terminal())
    return run_script(on, how);
  return session(on, how).run();
}

} // namespace sluice::tools
