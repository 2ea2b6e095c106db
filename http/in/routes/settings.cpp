#include "http/in/routes/settings.hpp"

#include <utility>

#include <spdlog/spdlog.h>

#include "config/amend.hpp"
#include "config/describe.hpp"
#include "config/print.hpp"
#include "http/in/json_text.hpp"
#include "http/in/routes/admin.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t most_settings = 100;

answer show_settings(const config::settings &values) {
  std::string list;
  for (const auto &setting : config::descriptions()) {
    list += list.empty() ? "" : ",";
    list += "{\"key\":" + json_string(setting.key) +
            ",\"value\":" + json_string(config::shown(setting, values)) +
            ",\"change\":";
    list += setting.takes_effect == config::change::hot ? "\"hot\"}"
                                                        : "\"restart\"}";
  }
  return json_answer(200, "{\"settings\":[" + list + "]}");
}

std::string text_of(const config::fault &fault) {
  auto out = fault.problem;
  if (!fault.suggestion.empty())
    out += "; did you mean " + fault.suggestion + "?";
  return fault.key + ": " + out;
}

/// Who changed what, without the values: they may be secret.
void log_change(const std::vector<std::string> &assignments,
                const order_reason &why) {
  for (const auto &one : assignments)
    spdlog::info("setting {} changed by {}: {}", one.substr(0, one.find('=')),
                 why.actor,
                 why.reason.empty() ? "no reason given" : why.reason);
}

} // namespace

answer get_settings(service &shared, const request &) {
  return show_settings(*shared.settings_now());
}

answer post_settings(service &shared, const request &in) {
  return read_order(
      in, {"set", "actor", "reason"}, [&](field_reader &fields) -> answer {
        const auto why = read_reason(fields);
        const auto set = fields.strings(fields.require("set"), most_settings);
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        // Two changes at once must not undo each other.
        const std::lock_guard lock(shared.changing_settings);
        auto next = config::amend(*shared.settings_now(), *set);
        if (!next) {
          for (const auto &fault : next.error())
            fields.fault("set", text_of(fault));
          return tl::unexpected(fields.refusal());
        }
        shared.gateway.apply(std::move(*next));
        log_change(*set, why);
        return show_settings(*shared.settings_now());
      });
}

} // namespace sluice::http
