#include "tools/migrate_command.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "db/store.hpp"
#include "tools/settings_options.hpp"

namespace sluice::tools {

namespace {

int refuse(const db::error &why) {
  std::cerr << why.text << '\n';
  return EXIT_FAILURE;
}

int show_schema(db::store_source &source) {
  auto state = source.schema();
  if (!state)
    return refuse(state.error());
  std::cout << source.describe() << ": schema version " << state->found
            << ", this program knows " << state->known
            << (state->is_current() ? " (current)\n" : "\n");
  return EXIT_SUCCESS;
}

int go_up(db::store_source &source) {
  auto applied = source.migrate();
  if (!applied)
    return refuse(applied.error());
  std::cout << source.describe() << ": " << *applied << " migrations applied\n";
  return EXIT_SUCCESS;
}

template <class Verb>
void add_schema_verb(CLI::App &migrate, const char *name, const char *help,
                     int &exit_code, Verb verb) {
  auto *command = migrate.add_subcommand(name, help);
  auto options = add_settings_options(*command);
  command->callback([options, verb, &exit_code] {
    exit_code = EXIT_FAILURE;
    auto loaded = load_settings(*options);
    if (!loaded)
      return;
    const auto &store = loaded->values.store;
    auto source = db::open_store({.url = store.url,
                                  .connect_timeout = store.connect_timeout,
                                  .call_timeout = store.call_timeout,
                                  .clock = {}});
    exit_code = source ? verb(**source) : refuse(source.error());
  });
}

} // namespace

void add_migrate_command(CLI::App &app, int &exit_code) {
  auto *migrate = app.add_subcommand("migrate", "The schema of the store");
  migrate->require_subcommand(1);
  add_schema_verb(*migrate, "status",
                  "Tells the version found and the version known", exit_code,
                  show_schema);
  add_schema_verb(*migrate, "up", "Applies the migrations that are missing",
                  exit_code, go_up);
}

} // namespace sluice::tools
