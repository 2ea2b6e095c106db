#include "tools/admin_cert_command.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "actors/admin/certificate_folder.hpp"
#include "tools/settings_options.hpp"

namespace sluice::tools {

namespace {

struct admin_cert_options {
  std::shared_ptr<settings_options> from;
  std::string name;
  std::string into;
};

int issue(const admin_cert_options &options) {
  const auto loaded = load_settings(*options.from);
  if (!loaded)
    return EXIT_FAILURE;
  const auto into =
      options.into.empty() ? "admin-" + options.name : options.into;
  const auto made =
      actors::issue_operator(admin_folder(loaded->values), options.name, into);
  if (!made) {
    std::cerr << "no certificate was made: " << made.error() << '\n';
    return EXIT_FAILURE;
  }
  std::cout << into << ": a certificate for " << options.name
            << "; hand the folder over on a safe way, and say\n"
            << "  sluice ctl --folder " << into << " status\n";
  return EXIT_SUCCESS;
}

} // namespace

void add_admin_cert_command(CLI::App &app, int &exit_code) {
  auto *command = app.add_subcommand(
      "admin-cert", "Issues another operator's certificate for `sluice ctl`");
  auto options = std::make_shared<admin_cert_options>();
  options->from = add_settings_options(*command);
  command
      ->add_option("NAME", options->name,
                   "The operator's name, as it will stand in the audit log")
      ->required();
  command
      ->add_option("FOLDER", options->into,
                   "Where it is put: a folder that is made; admin-NAME if it "
                   "is not said")
      ->type_name("DIR");
  command->footer("Example:\n  sluice admin-cert ada /root/ada");
  command->callback([options, &exit_code] { exit_code = issue(*options); });
}

} // namespace sluice::tools
