#include "tools/ctl_command.hpp"

#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "config/describe.hpp"
#include "config/units.hpp"
#include "tools/ctl/verbs.hpp"
#include "tools/settings_options.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What the parser finds; its fields belong to several options.
struct ctl_options {
  std::shared_ptr<settings_options> from;
  std::string address;
  std::string folder;
  bool is_json = false;
  bool is_sure = false;
  milliseconds timeout{15'000};

  change_options why;
  std::string word;
  std::string value;
  std::vector<std::string> ids;
  std::optional<seconds> retry_after;
  seconds drain_limit{600};
  item_filter filter;
};
using options_ptr = std::shared_ptr<ctl_options>;
using verb = std::function<ctl_exit(console &, const ctl_options &)>;

/// Where a service that listens on all addresses is reached from here.
std::string reachable(const std::string &listen) {
  const auto colon = listen.rfind(':');
  const auto host = listen.substr(0, colon);
  if (host == "0.0.0.0")
    return "127.0.0.1" + listen.substr(colon);
  if (host == "[::]")
    return "[::1]" + listen.substr(colon);
  return listen;
}

/// Fills in what the options leave to the settings; false when it can't, and
/// that was told.
bool ask_settings(ctl_options &options) {
  if (!options.address.empty() && !options.folder.empty())
    return true;
  const auto loaded = load_settings(*options.from);
  if (!loaded)
    return false;
  const auto &listen = loaded->values.admin.listen;
  if (options.folder.empty())
    options.folder = admin_folder(loaded->values);
  if (!options.address.empty())
    return true;
  if (listen == config::off_word || listen.ends_with(":0")) {
    std::cerr << "sluice ctl: admin.listen is " << listen
              << " in the settings; say --connect HOST:PORT\n";
    return false;
  }
  options.address = reachable(listen);
  return true;
}

/// Leaves without waiting for the network's threads: one of them may hang, and
/// nothing is lost with them.
[[noreturn]] void leave(ctl_exit how) {
  std::cout << std::flush;
  std::cerr << std::flush;
  std::_Exit(static_cast<int>(how));
}

void run(ctl_options &options, const verb &what, int &exit_code) {
  if (!ask_settings(options)) {
    exit_code = static_cast<int>(ctl_exit::usage);
    return;
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
  console on({.address = options.address,
              .folder = options.folder,
              .is_json = options.is_json,
              .is_sure = options.is_sure,
              .timeout = options.timeout});
  const auto connected = on.connect();
  leave(connected ? what(on, options) : connected.error());
}

/// Builds the tree of verbs.
class ctl_builder {
public:
  ctl_builder(CLI::App &ctl, options_ptr options, int &exit_code)
      : ctl_(ctl), options_(std::move(options)), exit_code_(exit_code) {}

  void add_all() {
    add_looks();
    add_gate();
    add_operations();
    add_ledger();
    add_queue();
  }

private:
  CLI::App *add(CLI::App &to, const char *name, const char *help,
                const std::string &example, verb what) {
    auto *command = to.add_subcommand(name, help);
    command->fallthrough();
    command->footer("Example:\n  sluice ctl " + example);
    command->callback([options = options_, what = std::move(what),
                       &code = exit_code_] { run(*options, what, code); });
    return command;
  }

  CLI::App *add_group(const char *name, const char *help) {
    auto *group = ctl_.add_subcommand(name, help);
    group->require_subcommand(1);
    group->fallthrough();
    return group;
  }

  void add_reason(CLI::App *command, bool is_required = false) {
    command
        ->add_option("--reason", options_->why.reason,
                     "Why; stands in the audit log")
        ->type_name("TEXT")
        ->required(is_required);
  }

  /// A number of seconds, or a duration: `90` or `90s`, `5m`.
  void add_seconds(CLI::App *command, const char *name, const char *help,
                   std::function<void(seconds)> take) {
    command
        ->add_option_function<std::string>(
            name,
            [name, take = std::move(take)](const std::string &text) {
              auto span = config::parse_duration(text);
              if (const auto plain = config::parse_integer(text))
                span = *plain * 1000;
              if (!span || *span < 1000 || *span % 1000 != 0)
                throw CLI::ValidationError(
                    name, "has to be whole seconds, as in 90s or 5m");
              take(std::chrono::duration_cast<seconds>(milliseconds(*span)));
            },
            help)
        ->type_name("TIME");
  }

  void add_change_options(CLI::App *command) {
    add_reason(command);
    add_seconds(command, "--resume-after",
                "All dials go back to normal after this",
                [options = options_](seconds span) {
                  options->why.resume_after = span;
                });
  }

  void add_looks() {
    add(ctl_, "status", "How the service is, and how its dials stand", "status",
        [](console &on, const ctl_options &) { return run_status(on); });
    add(ctl_, "actors", "The parts of the service, their restarts and errors",
        "actors",
        [](console &on, const ctl_options &) { return run_actors(on); });
    add(ctl_, "nodes", "The nodes that work on this store", "nodes",
        [](console &on, const ctl_options &) { return run_nodes(on); });
    add(ctl_, "settings", "The settings of the running node", "settings",
        [](console &on, const ctl_options &) { return run_settings(on); });
    add_limit(add(ctl_, "audit", "Who did what, newest first",
                  "audit --limit 20", [](console &on, const ctl_options &said) {
                    return run_audit(on, said.filter.limit);
                  }));
  }

  void add_limit(CLI::App *command) {
    constexpr int longest_list = 1000;
    command
        ->add_option("--limit", options_->filter.limit,
                     "Lines at the most; 50 if it is not said")
        ->check(CLI::Range(1, longest_list));
  }

  void add_gate() {
    auto *mode =
        add(ctl_, "mode", "How events come in",
            "mode sync --reason 'the queue has a fault'",
            [](console &on, const ctl_options &said) {
              return run_mode(on, said.word, said.retry_after, said.why);
            });
    mode->add_option("MODE", options_->word,
                     "async: by the queue; sync: straight into the log; "
                     "reject: not at all")
        ->required()
        ->check(CLI::IsMember({"async", "sync", "reject"}));
    add_seconds(
        mode, "--retry-after", "With reject: when clients may ask again",
        [options = options_](seconds span) { options->retry_after = span; });
    add_change_options(mode);
    add_dial("pause", "Stops claiming or delivering",
             "pause processing --resume-after 10m --reason 'database work'");
    add_dial("resume", "Claims or delivers again", "resume processing");
    auto *drain = add(ctl_, "drain",
                      "Empties the queue, then pauses; waits for it, and shows "
                      "the proof",
                      "drain --timeout 10m --reason 'before the upgrade'",
                      [](console &on, const ctl_options &said) {
                        return run_drain(on, said.drain_limit, said.why);
                      });
    add_seconds(
        drain, "--timeout", "Give up after this; 10m if it is not said",
        [options = options_](seconds span) { options->drain_limit = span; });
    add_change_options(drain);
    add_settings();
  }

  void add_settings() {
    auto *set =
        add(ctl_, "set", "Overrides a setting on all nodes, until it is unset",
            "set processor.max_concurrency 8",
            [](console &on, const ctl_options &said) {
              return run_set(on, said.word, said.value, said.why.reason);
            });
    set->add_option("KEY", options_->word, "As in `sluice config docs`")
        ->required();
    set->add_option("VALUE", options_->value, "As behind --set")->required();
    add_reason(set);
    auto *unset = add(ctl_, "unset", "Takes an override back",
                      "unset processor.max_concurrency",
                      [](console &on, const ctl_options &said) {
                        return run_unset(on, said.word, said.why.reason);
                      });
    unset->add_option("KEY", options_->word, "As shown by `settings`")
        ->required();
    add_reason(unset);
    add(ctl_, "reload",
        "Reads the settings' file anew; shows what is different", "reload",
        [](console &on, const ctl_options &) { return run_reload(on); });
  }

  void add_dial(const char *name, const char *help, const char *example) {
    auto *command =
        add(ctl_, name, help, example,
            [name = std::string(name)](console &on, const ctl_options &said) {
              return run_dial(on, name,
                              said.word.empty() ? "processing" : said.word,
                              said.why);
            });
    command
        ->add_option("DIAL", options_->word,
                     "processing (if it is not said) or delivery")
        ->check(CLI::IsMember({"processing", "delivery"}));
    add_change_options(command);
  }

  void add_operations() {
    add(ctl_, "poll", "Looks for items now, whatever the interval", "poll",
        [](console &on, const ctl_options &) { return run_poll(on); });
    add(ctl_, "cleanup", "Takes stuck items from their holders now", "cleanup",
        [](console &on, const ctl_options &) { return run_cleanup(on); });
    auto *restart =
        add(ctl_, "restart", "Starts a part of the service again",
            "restart poller", [](console &on, const ctl_options &said) {
              return run_restart(on, said.word);
            });
    restart->add_option("ACTOR", options_->word, "As in `sluice ctl actors`")
        ->required();
  }

  void add_ledger() {
    auto *ledger = add_group("ledger", "The books");
    add(*ledger, "verify",
        "Compares the books with the tables; 1 if they "
        "don't balance",
        "ledger verify",
        [](console &on, const ctl_options &) { return run_verify(on); });
    auto *repair =
        add(*ledger, "repair", "Makes the books balance, on the record",
            "ledger repair --reason 'rows deleted by hand, ticket 7'",
            [](console &on, const ctl_options &said) {
              return run_repair(on, said.why.reason);
            });
    add_reason(repair, true);
  }

  void add_queue() {
    auto *queue = add_group("queue", "Items of the queue");
    auto *list = add(*queue, "list", "Shows items, without their payloads",
                     "queue list --status quarantined --older-than 1h",
                     [](console &on, const ctl_options &said) {
                       return run_list_items(on, said.filter);
                     });
    list->add_option("--status", options_->filter.status, "Only these")
        ->check(CLI::IsMember({"pending", "processing", "quarantined"}));
    list->add_option("--org", options_->filter.organization,
                     "Only this organization's")
        ->type_name("ID");
    add_seconds(list, "--older-than", "Only what was accepted before that",
                [options = options_](seconds span) {
                  options->filter.older_than = span;
                });
    add_limit(list);
    auto *requeue = add(*queue, "requeue", "Tries quarantined items again",
                        "queue requeue ID --reason 'the fault is mended'",
                        [](console &on, const ctl_options &said) {
                          return run_requeue(on, said.ids, said.why.reason);
                        });
    auto *discard =
        add(*queue, "discard", "Throws waiting items away, on the record",
            "queue discard ID ID --reason 'test data' --yes",
            [](console &on, const ctl_options &said) {
              return run_discard(on, said.ids, said.why.reason);
            });
    for (auto *command : {requeue, discard}) {
      command->add_option("ID", options_->ids, "Ids of events")->required();
      add_reason(command, true);
    }
  }

  CLI::App &ctl_;
  options_ptr options_;
  int &exit_code_;
};

void add_common(CLI::App &ctl, const options_ptr &options) {
  options->from = add_settings_options(ctl);
  ctl.add_option("--connect", options->address,
                 "The admin port; else what admin.listen says")
      ->type_name("HOST:PORT");
  ctl.add_option("--folder", options->folder,
                 "The operator's certificate; else what admin.folder says")
      ->type_name("DIR");
  ctl.add_flag("--json", options->is_json, "One JSON document as the answer");
  ctl.add_flag("--yes", options->is_sure, "Don't ask whether it is meant");
  ctl.add_option_function<std::string>(
         "--timeout",
         [options](const std::string &text) {
           const auto span = config::parse_duration(text);
           if (!span || *span < 1)
             throw CLI::ValidationError("--timeout",
                                        "has to be a duration, as in 5s");
           options->timeout = milliseconds(*span);
         },
         "Of connecting, and of each order; 15s if it is not said")
      ->type_name("TIME");
}

} // namespace

void add_ctl_command(CLI::App &app, int &exit_code) {
  auto *ctl = app.add_subcommand(
      "ctl", "Gives orders to a running service, over its admin port");
  ctl->require_subcommand(1);
  ctl->footer("Ends with 0: done, 1: refused or not reached, 2: misused, 3: no "
              "connection,\n4: not authorised, 5: timed out.");
  auto options = std::make_shared<ctl_options>();
  add_common(*ctl, options);
  ctl_builder(*ctl, options, exit_code).add_all();
}

} // namespace sluice::tools
