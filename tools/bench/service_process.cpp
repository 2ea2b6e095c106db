#include "tools/bench/service_process.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "db/model/ids.hpp"
#include "tools/bench/failure.hpp"
#include "tools/bench/http_session.hpp"
#include "tools/bench/interruption.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Items in the queue, by what the service says of its health; nothing when it
/// does not say.
std::optional<long> depth_in(const http_reply &reply) {
  auto body = nlohmann::json::parse(reply.body, nullptr, false);
  if (body.is_discarded() || !body.contains("queue"))
    return std::nullopt;
  const auto pending = body["queue"].value("pending", -1L);
  const auto processing = body["queue"].value("processing", -1L);
  return pending < 0 || processing < 0 ? std::nullopt
                                       : std::optional(pending + processing);
}

} // namespace

service_process::service_process(
    const target &on, const std::map<std::string, std::string> &settings)
    : port_(free_port()) {
  auto admin_token = db::uuid::generate_v4().to_string();
  std::map<std::string, std::string> all{
      {"http.listen", "127.0.0.1:" + std::to_string(port_)},
      {"admin.listen", "off"},
      {"store.url", on.url()},
      {"auth.admin_token", admin_token},
  };
  for (const auto &[name, value] : settings)
    all[name] = value;
  child_options options{.arguments = {"/proc/self/exe", "serve"},
                        .folder = on.folder(),
                        .log = on.folder() / "service.log",
                        .user = {}};
  for (const auto &[name, value] : all) {
    options.arguments.emplace_back("--set");
    options.arguments.push_back(std::string(name).append("=").append(value));
  }
  process_ = std::make_unique<child_process>(options);
  http_session session(port_, {});
  if (!wait_until(
          [&] {
            return !process_->is_running() ||
                   session.get("/health/ready").status == 200;
          },
          seconds(30), milliseconds(20)) ||
      !process_->is_running())
    throw bench_failure("the service did not start: " + process_->last_words());
  make_organization(admin_token);
}

void service_process::make_organization(const std::string &admin_token) {
  http_session admin(port_, admin_token);
  auto reply = admin.post("/api/keys/generate",
                          R"({"organization_name":"bench load",)"
                          R"("tier":"enterprise","rate_limit_per_minute":0})");
  auto body = nlohmann::json::parse(reply.body, nullptr, false);
  if (reply.status != 201 || body.is_discarded() || !body.contains("api_key"))
    throw bench_failure("no organization: " + std::to_string(reply.status));
  key_ = body["api_key"].get<std::string>();
}

double service_process::queue_depth() const {
  http_session session(port_, {});
  auto depth = depth_in(session.get("/health/ready"));
  if (!depth)
    throw bench_failure("the service does not tell the depth of its queue");
  return static_cast<double>(*depth);
}

void service_process::wait_until_drained() {
  using clock = std::chrono::steady_clock;
  constexpr auto proof = milliseconds(2500);
  http_session session(port_, {});
  auto empty_since = clock::now();
  if (!wait_until(
          [&] {
            if (depth_in(session.get("/health/ready")) != 0)
              empty_since = clock::now();
            return clock::now() - empty_since > proof;
          },
          seconds(300), milliseconds(100)))
    throw bench_failure("the queue does not drain: " + process_->last_words());
}

} // namespace sluice::tools
