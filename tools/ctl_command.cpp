#include "tools/ctl_command.hpp"

#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "config/describe.hpp"
#include "tools/ctl/interactive.hpp"
#include "tools/ctl/network_use.hpp"
#include "tools/ctl/verb_tree.hpp"
#include "tools/settings_options.hpp"

namespace sluice::tools {

namespace {

/// What stands before or behind any verb.
struct common_options {
  std::shared_ptr<settings_options> from;
  std::string address;
  std::string folder;
  manner how;
};

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
  options.address = reachable_address(listen);
  return true;
}

void run(common_options &options, const verb &what, const verb_options &said,
         int &exit_code) {
  if (!ask_settings(options)) {
    exit_code = static_cast<int>(ctl_exit::usage);
    return;
  }
  outlive_readers();
  console on({.address = options.address,
              .folder = options.folder,
              .is_json = options.how.is_json,
              .is_sure = options.how.is_sure,
              .timeout = options.how.timeout});
  const auto connected = on.connect();
  leave(static_cast<int>(connected ? what(on, said) : connected.error()));
}

void add_common(CLI::App &ctl, const std::shared_ptr<common_options> &options) {
  options->from = add_settings_options(ctl);
  ctl.add_option("--connect", options->address,
                 "The admin port; else what admin.listen says")
      ->type_name("HOST:PORT")
      ->check(address_fault);
  ctl.add_option("--folder", options->folder,
                 "The operator's certificate; else what admin.folder says")
      ->type_name("DIR");
  add_manner(ctl, options->how);
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
  add_verbs(tree);
  tree.add("console", "Takes one order after the other; help tells how",
           "console", [options](console &on, const verb_options &) {
             return run_console(on, options->how);
           });
}

} // namespace sluice::tools
