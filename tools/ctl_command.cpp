#include "tools/ctl_command.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "config/describe.hpp"
#include "config/units.hpp"
#include "tools/ctl/verb_tree.hpp"
#include "tools/settings_options.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;

/// What stands before or behind any verb.
struct common_options {
  std::shared_ptr<settings_options> from;
  std::string address;
  std::string folder;
  bool is_json = false;
  bool is_sure = false;
  milliseconds timeout{15'000};
};

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
bool ask_settings(common_options &options) {
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

void run(common_options &options, const verb &what, const verb_options &said,
         int &exit_code) {
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
  leave(connected ? what(on, said) : connected.error());
}

void add_common(CLI::App &ctl, const std::shared_ptr<common_options> &options) {
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
  auto options = std::make_shared<common_options>();
  add_common(*ctl, options);
  verb_tree tree(
      *ctl, [options, &exit_code](const verb &what, const verb_options &said) {
        run(*options, what, said, exit_code);
      });
  add_look_verbs(tree);
  add_gate_verbs(tree);
  add_setting_verbs(tree);
  add_operation_verbs(tree);
  add_repair_verbs(tree);
  add_ledger_verbs(tree);
  add_queue_verbs(tree);
  add_rollback_verbs(tree);
}

} // namespace sluice::tools
