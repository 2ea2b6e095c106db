#include "tests/http/routes/route_client.hpp"

#include <sstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "tests/support/temporary_folder.hpp"

namespace sluice::tests {

namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(at), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// Whether the path fits; fills what stands for the names.
bool fits(std::string_view pattern, std::string_view path,
          std::vector<std::string_view> &values) {
  const auto wanted = split(pattern, '/');
  const auto given = split(path, '/');
  values.clear();
  if (wanted.size() != given.size())
    return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{'))
      values.push_back(given[i]);
    else if (wanted[i] != given[i])
      return false;
  }
  return true;
}

} // namespace

nlohmann::json received::json() const {
  return nlohmann::json::parse(raw.body);
}

std::string received::slug() const {
  constexpr std::string_view prefix = "urn:sluice:problem:";
  if (raw.content_type != "application/problem+json")
    return {};
  return json().at("type").get<std::string>().substr(prefix.size());
}

std::string received::header(const std::string &name) const {
  for (const auto &[key, value] : raw.headers)
    if (key == name)
      return value;
  return {};
}

route_client::route_client(const config::settings &settings)
    : service_(http::make_service(gateway, settings)),
      routes_(http::make_routes(service_)) {
  service_->secrets = test_secrets();
  service_->try_webhook = [this](db::organization_id,
                                 actors::webhook_request request,
                                 const config::delivery_settings &) {
    tried.push_back(std::move(request));
    return trial;
  };
  gateway.apply(settings);
}

config::settings route_client::default_settings() {
  config::settings out;
  out.auth.admin_token = admin_token;
  return out;
}

received route_client::send(const sent &what) const {
  http::request in;
  in.method = what.method;
  in.id = "request-1";
  in.remote_address = "127.0.0.1";
  in.body = what.body;
  const std::string_view target = what.target;
  const auto question = std::min(target.find('?'), target.size());
  in.path = target.substr(0, question);
  for (const auto pair :
       split(target.substr(std::min(question + 1, target.size())), '&')) {
    const auto equals = std::min(pair.find('='), pair.size());
    in.query.emplace_back(pair.substr(0, equals),
                          pair.substr(std::min(equals + 1, pair.size())));
  }
  for (const auto &[name, value] : what.headers)
    in.headers.emplace_back(name, value);
  if (!key_.empty())
    in.headers.emplace_back("x-api-key", key_);
  // The literal route wins over one with a name, and stands before it.
  for (const auto &route : routes_)
    if (route.method == what.method &&
        fits(route.pattern, in.path, in.path_values)) {
      const auto answer = route.handle(in);
      return {answer.status, answer};
    }
  throw std::runtime_error("no such route: " + what.target);
}

received route_client::get(const std::string &target) const {
  return send({"GET", target, "", {}});
}

received route_client::post(const std::string &target,
                            const std::string &body) const {
  return send({"POST", target, body, {{"content-type", "application/json"}}});
}

std::string route_client::sign_up(const std::string &name) {
  use_key("");
  const auto made = send(
      {"POST",
       "/api/keys/generate",
       R"({"organization_name":")" + name + R"(","rate_limit_per_minute":0})",
       {{"content-type", "application/json"},
        {"authorization", std::string("Bearer ") + admin_token}}});
  use_key(made.json().at("api_key").get<std::string>());
  return key_;
}

std::shared_ptr<const http::secret_box> test_secrets() {
  static const auto box = [] {
    const temporary_folder folder;
    return http::secret_box::open((folder.path() / "secrets.key").string())
        .value();
  }();
  return box;
}

} // namespace sluice::tests
