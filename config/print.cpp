#include "config/print.hpp"

#include <algorithm>

#include "config/describe.hpp"
#include "config/interpret.hpp"
#include "config/rules.hpp"
#include "config/text_checks.hpp"

namespace sluice::config {

namespace {

constexpr std::string_view introduction = R"(# Settings

<!-- Written by `sluice config docs > docs/settings.md`; change config/describe.cpp instead. -->

A setting is looked for in these places; what comes later in the list wins:

1. its default;
2. the file that `--config FILE` or the environment variable `SLUICE_CONFIG`
   names, else `sluice.toml` in the working directory if there is one;
3. the environment: `http.listen` is `SLUICE_HTTP_LISTEN`;
4. `--set http.listen=127.0.0.1:8080` on the command line.

The file is [TOML](https://toml.io):

```toml
[processor]
max_concurrency = 8
max_poll_interval = "5s"
```

- A **duration** is a whole number with its unit, in quotes: `"100ms"`, `"2s"`, `"5m"`, `"24h"`, `"30d"`.
- A **size** is a number of bytes, or a whole number with `KiB`, `MiB` or `GiB`, in quotes: `"256KiB"`.
- In the environment and behind `--set` there are no quotes.

Unknown keys, unknown variables that begin with `SLUICE_`, values out of range and settings that contradict each other
are refused, all at once: `sluice config check` lists them. `sluice config show` prints the effective values and
where each came from.

*Change* says whether a running service takes over another value (hot) or only a start does (restart).

## While it runs

The file is looked at once a second, and at once after SIGHUP or `POST /admin/v1/reload`. What may be hot holds from then
on; what needs a restart is named, and waits for it. A file with a fault changes nothing: the service goes on as it was,
and the log, `GET /admin/v1/settings` and `/health` say what is wrong, until a good one is there. A file that is gone
changes nothing either.

`POST /admin/v1/settings` gives a hot setting another value, on all nodes of the store and over restarts, until it is
unset: such an override outranks all of the list above. Secrets can't be overridden, since they would be kept in the
database. An override that does not fit what the other sources say is passed over, and named as well.
)";

bool holds_text(value_type type) {
  return type != value_type::integer && type != value_type::duration &&
         type != value_type::size;
}

std::string toml_value(const description &setting, const std::string &text) {
  // A size in plain bytes and a number are bare; all else stands in quotes.
  bool digits_only = std::ranges::all_of(text, [](char character) {
    return character >= '0' && character <= '9';
  });
  if (!holds_text(setting.type) && digits_only)
    return text;
  std::string out = "\"";
  for (char character : text) {
    if (character == '"' || character == '\\')
      out += '\\';
    out += character;
  }
  return out + '"';
}

std::string line_of(const description &setting, const loaded &from) {
  auto text = to_text(setting, setting.get(from.values));
  auto key = std::string(setting.key);
  if (text.empty())
    return "# " + key + " is not set: " + std::string(setting.when_unset);
  auto shown_text = visible(setting, text);
  auto line = key + " = " + toml_value(setting, shown_text);
  return shown_text == text ? line : "# " + line;
}

std::string_view type_name(value_type type) {
  switch (type) {
  case value_type::integer:
    return "number";
  case value_type::duration:
    return "duration";
  case value_type::size:
    return "size";
  case value_type::choice:
    return "choice";
  case value_type::address:
    return "host:port";
  case value_type::store_url:
    return "URL";
  case value_type::name:
    return "name";
  case value_type::secret:
    return "secret";
  case value_type::path:
    return "path";
  case value_type::durations:
    return "durations";
  case value_type::networks:
    return "networks";
  }
  return {};
}

std::string code(std::string_view text) {
  return '`' + std::string(text) + '`';
}

std::string allowed(const description &setting) {
  if (!holds_text(setting.type))
    return code(to_text(setting, setting.least)) + " to " +
           code(to_text(setting, setting.greatest));
  std::string out;
  for (auto choice : setting.choices)
    out += (out.empty() ? "" : ", ") + code(choice);
  if (setting.may_be_off)
    out += "or " + code(off_word);
  return out;
}

std::string default_text(const description &setting) {
  auto text = to_text(setting, default_of(setting));
  if (text.empty())
    return "not set: " + std::string(setting.when_unset);
  return code(text);
}

std::string docs_row(const description &setting) {
  std::string out = "| " + code(setting.key);
  for (const auto &cell :
       {std::string(type_name(setting.type)), default_text(setting),
        allowed(setting),
        std::string(setting.takes_effect == change::hot ? "hot" : "restart"),
        std::string(setting.help)})
    out += " | " + cell;
  return out + " |\n";
}

std::string docs_rules() {
  std::string out = "\n## Settings that have to fit together\n\n";
  for (const auto &rule : rules())
    out += "- " + code(rule.left) + " has to be " + std::string(rule.relation) +
           " " + code(rule.right) + ".\n";
  return out;
}

} // namespace

std::string show(const loaded &from) {
  std::vector<std::pair<std::string, std::string>> lines;
  std::size_t width = 0;
  for (const auto &setting : descriptions()) {
    lines.emplace_back(line_of(setting, from),
                       to_string(from.origin_of(setting.key)));
    width = std::max(width, lines.back().first.size());
  }
  std::string out;
  // One long value must not push all origins off the screen.
  width = std::min<std::size_t>(width, 60);
  for (const auto &[line, where] : lines) {
    auto padding = width - std::min(width, line.size());
    out.append(line).append(padding, ' ');
    out.append("  # ").append(where).append("\n");
  }
  return out;
}

std::string shown(const description &setting, const settings &values) {
  return visible(setting, to_text(setting, setting.get(values)));
}

std::string visible(const description &setting, const std::string &text) {
  if (setting.type == value_type::secret && !text.empty())
    return "***";
  if (setting.type == value_type::store_url)
    return without_password(text);
  return text;
}

std::string docs() {
  std::string out(introduction);
  for (auto section : sections()) {
    out += "\n## " + std::string(section) + "\n\n";
    out += "| setting | type | default | allowed | change | meaning |\n";
    out += "| --- | --- | --- | --- | --- | --- |\n";
    for (const auto &setting : descriptions())
      if (section_of(setting.key) == section)
        out += docs_row(setting);
  }
  return out + docs_rules();
}

} // namespace sluice::config
