#include "db/postgres/connection_string.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "db/postgres/errors.hpp"

namespace sluice::db::postgres {

namespace {

/// A URL's parts as libpq cuts them: user and password end at the first `@`
/// that no `/` precedes, and only behind them a `?` begins the parameters.
struct url_parts {
  std::string_view credentials;
  std::string_view place;
  std::string_view parameters;
};

url_parts split(std::string_view url) {
  url_parts parts;
  auto rest = url.substr(url.find("://") + 3);
  auto mark = rest.find_first_of("@/");
  if (mark != std::string_view::npos && rest[mark] == '@') {
    parts.credentials = rest.substr(0, mark);
    rest.remove_prefix(mark + 1);
  }
  auto question = rest.find('?');
  parts.place = rest.substr(0, question);
  if (question != std::string_view::npos)
    parts.parameters = rest.substr(question + 1);
  return parts;
}

std::string_view parameter_of(std::string_view parameters,
                              std::string_view name) {
  while (!parameters.empty()) {
    auto end = std::min(parameters.find('&'), parameters.size());
    auto pair = parameters.substr(0, end);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (pair.size() > name.size() && pair.starts_with(name) &&
        pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

long count_hosts(const url_parts &parts) {
  auto named = parameter_of(parts.parameters, "host");
  auto hosts = parts.place.substr(0, parts.place.find('/'));
  const auto &list = named.empty() ? hosts : named;
  return 1 + std::count(list.begin(), list.end(), ',');
}

void hide(std::string &text, std::string_view secret) {
  if (secret.empty())
    return;
  for (auto at = text.find(secret); at != std::string::npos;
       at = text.find(secret, at + 3))
    text.replace(at, secret.size(), "***");
}

} // namespace

bool is_postgres_url(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

std::string complete_url(std::string_view url,
                         std::chrono::milliseconds connect_timeout) {
  auto parts = split(url);
  auto share = (connect_timeout.count() / count_hosts(parts) + 999) / 1000;
  const std::array<std::pair<std::string_view, std::string>, 8> wanted{{
      {"application_name", "sluice"},
      {"target_session_attrs", "read-write"},
      {"client_encoding", "UTF8"},
      {"connect_timeout", std::to_string(std::max<long>(2, share))},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "15000"},
  }};
  std::string complete(url);
  auto separator = parts.parameters.data() == nullptr ? '?' : '&';
  for (const auto &[name, value] : wanted) {
    if (!parameter_of(parts.parameters, name).empty())
      continue;
    complete.append(1, separator).append(name).append("=").append(value);
    separator = '&';
  }
  return complete;
}

std::string public_url(std::string_view url) {
  auto place = split(url).place;
  // A password with an unescaped '/' or '@' ends up here; better to show too
  // little of a strange URL than a piece of a secret.
  auto at = place.rfind('@');
  if (at != std::string_view::npos)
    place.remove_prefix(at + 1);
  return "postgresql://" + std::string(place);
}

std::string public_connect_error(std::string_view text, std::string_view url) {
  // libpq quotes the whole URI, password included, when it can't read it.
  if (text.find("URI") != std::string_view::npos)
    return "the store's URL is not a valid PostgreSQL URI";
  auto line = one_line(text);
  auto parts = split(url);
  auto colon = parts.credentials.find(':');
  if (colon != std::string_view::npos)
    hide(line, parts.credentials.substr(colon + 1));
  hide(line, parameter_of(parts.parameters, "password"));
  hide(line, parameter_of(parts.parameters, "sslpassword"));
  return line;
}

} // namespace sluice::db::postgres
