#include "tools/doctor_command.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>

#include "config/describe.hpp"
#include "config/load.hpp"
#include "config/units.hpp"
#include "http/in/diagnosis_json.hpp"
#include "sluice_version.hpp"
#include "tools/ctl/console.hpp"
#include "tools/ctl/frame.hpp"
#include "tools/ctl/json_words.hpp"
#include "tools/ctl/network_use.hpp"
#include "tools/doctor/certificates.hpp"
#include "tools/doctor/judge.hpp"
#include "tools/settings_options.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int cannot_look = 3;

struct doctor_options {
  std::shared_ptr<settings_options> from;
  std::string address;
  std::string folder;
  bool is_json = false;
  milliseconds timeout{5'000};
};

/// The settings, or those that hold without any, and why.
struct known_settings {
  config::settings values;
  json faults = json::array();
};

known_settings read_settings(const doctor_options &options) {
  known_settings out;
  auto loaded = config::load(sources_of(*options.from));
  if (loaded) {
    out.values = std::move(loaded->values);
    return out;
  }
  for (const auto &fault : loaded.error())
    out.faults.push_back(config::to_string(fault));
  return out;
}

milliseconds since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
}

/// A node's answers, each null when it can't be had.
class examination {
public:
  examination(console &on, milliseconds limit) : on_(on), limit_(limit) {}

  json look() {
    json out = {{"trouble", nullptr}};
    out["health"] = get("/health/ready");
    if (!out["health"].is_object()) {
      out["trouble"] = trouble_;
      return out;
    }
    compare_clocks(out);
    out["gate"] = get("/admin/v1/gate");
    out["settings"] = get("/admin/v1/settings");
    out["actors"] = get("/admin/v1/actors");
    out["diagnosis"] = get("/admin/v1/diagnosis");
    // A look at the store may have been so short that it says nothing of how
    // busy the process is.
    constexpr milliseconds shortest{300};
    std::this_thread::sleep_for(
        std::max(milliseconds(0), shortest - since(begin_)));
    top_look now;
    now.counts = get("/admin/v1/counts");
    out["cores_busy"] = at(rates_between(first_, now), "cores_busy");
    return out;
  }

private:
  json get(const std::string &path) {
    auto seen = on_.look(path, limit_);
    if (!seen) {
      trouble_ =
          seen.error().text.empty() ? "no answer in time" : seen.error().text;
      return nullptr;
    }
    return std::move(seen->body);
  }

  /// The answer was made in the middle of the time that it took, or near it.
  void compare_clocks(json &out) {
    constexpr double thousand = 1000;
    const auto before = db::system_now();
    begin_ = steady_clock::now();
    first_.counts = get("/admin/v1/counts");
    const auto took =
        std::chrono::duration<double>(steady_clock::now() - begin_);
    const auto theirs = epoch_seconds_at(first_.counts, "at");
    const auto ours =
        std::chrono::duration<double>(before.time_since_epoch()) + took / 2;
    if (theirs)
      out["clock_ahead_ms"] = (*theirs - ours.count()) * thousand;
  }

  console &on_;
  milliseconds limit_;
  std::string trouble_;
  steady_clock::time_point begin_;
  top_look first_;
};

json look_at_service(const doctor_options &options, const std::string &address,
                     const std::string &folder) {
  console on({.address = address,
              .folder = folder,
              .is_json = options.is_json,
              .timeout = options.timeout});
  json out = {{"address", address}, {"trouble", nullptr}};
  if (const auto made = on.try_to_connect(); !made) {
    out["trouble"] = made.error().text;
    return out;
  }
  out.update(examination(on, options.timeout).look());
  return out;
}

/// What was found, and what it was found in.
struct collection {
  json facts;
  bool has_service = false;
  bool has_store = false;
};

void add_store(collection &to, const known_settings &known) {
  const json diagnosis = at(to.facts, "service.diagnosis");
  if (diagnosis.is_object()) {
    for (const auto *name : {"store", "store_error", "disk"})
      to.facts[name] = at(diagnosis, name);
  } else if (known.faults.empty()) {
    to.facts.update(http::look_at_store(known.values));
  } else {
    to.facts["store_error"] = "the settings can't be used, so it is not known "
                              "where it is";
  }
  to.has_store = at(to.facts, "store").is_object();
}

collection collect(const doctor_options &options) {
  const auto known = read_settings(options);
  const auto &values = known.values;
  const auto folder =
      options.folder.empty() ? admin_folder(values) : options.folder;
  const bool is_off =
      options.address.empty() && values.admin.listen == config::off_word;
  collection out;
  out.facts = {{"admin_is_off", is_off},
               {"own_version", version},
               {"openssl", http::openssl_version()},
               {"settings_faults", known.faults},
               {"dead_after_ms", values.node.dead_after.count()},
               {"levels",
                {{"warning_depth", values.health.warning_depth},
                 {"critical_depth", values.health.critical_depth}}},
               {"certificates", look_at_certificates(folder)},
               {"service", nullptr}};
  if (!is_off)
    out.facts["service"] = look_at_service(
        options,
        options.address.empty() ? reachable_address(values.admin.listen)
                                : options.address,
        folder);
  out.has_service = at(out.facts, "service.health").is_object();
  add_store(out, known);
  return out;
}

std::string head_of(const collection &seen) {
  if (seen.has_service)
    return "looked at the running service at " +
           word(seen.facts, "service.address") +
           ", and from there at its "
           "store";
  if (seen.has_store)
    return "no service was asked; looked at the store alone, read-only";
  return "neither a service nor a store could be looked at";
}

std::string_view looked_at(const collection &seen) {
  if (seen.has_service)
    return "service";
  return seen.has_store ? "store" : "nothing";
}

std::string today() {
  constexpr std::size_t day = 10;
  return db::to_rfc3339(db::system_now()).substr(0, day);
}

int run(const doctor_options &options) {
  outlive_readers();
  const auto seen = collect(options);
  const auto all = judge(seen.facts, today());
  const auto head = head_of(seen);
  if (options.is_json)
    std::cout << json{{"looked_at", looked_at(seen)},
                      {"summary", head},
                      {"status", to_string(worst_of(all))},
                      {"findings", findings_json(all)}}
                     .dump(-1, ' ', true, json::error_handler_t::replace)
              << '\n';
  else
    std::cout << show_findings(head, all, has_colours());
  if (!seen.has_service && !seen.has_store)
    return cannot_look;
  return worst_of(all) == severity::critical ? 1 : 0;
}

void add_options(CLI::App &doctor,
                 const std::shared_ptr<doctor_options> &into) {
  into->from = add_settings_options(doctor);
  doctor
      .add_option("--connect", into->address,
                  "The admin port; else what admin.listen says")
      ->type_name("HOST:PORT")
      ->check(address_fault);
  doctor
      .add_option("--folder", into->folder,
                  "The operator's certificate; else what admin.folder says")
      ->type_name("DIR");
  doctor.add_flag("--json", into->is_json, "One JSON document as the answer");
  doctor
      .add_option_function<std::string>(
          "--timeout",
          [into](const std::string &text) {
            const auto span = config::parse_duration(text);
            if (!span || *span < 1)
              throw CLI::ValidationError("--timeout",
                                         "has to be a duration, as in 5s");
            into->timeout = milliseconds(*span);
          },
          "Of connecting, and of each question; 5s if it is not said")
      ->type_name("TIME");
}

} // namespace

void add_doctor_command(CLI::App &app, int &exit_code) {
  auto *doctor = app.add_subcommand(
      "doctor", "Goes through what can be wrong, and names the next command");
  doctor->footer(
      "Ends with 0: nothing critical, 1: something critical, 2: misused,\n3: "
      "neither a service nor a store could be looked at.");
  auto options = std::make_shared<doctor_options>();
  add_options(*doctor, options);
  doctor->callback([options, &exit_code] {
    exit_code = run(*options);
    leave(exit_code);
  });
}

} // namespace sluice::tools
