#include "actors/drill/drillable_port.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::actors {

namespace {

constexpr std::string_view scheme = "https://";
constexpr std::string_view nowhere = ".drill.invalid/";

bool is_of_drill(const webhook_request &request) {
  return request.url.starts_with(scheme) && request.url.ends_with(nowhere);
}

class port final : public webhook_port {
public:
  port(std::unique_ptr<webhook_port> inner, on_webhook_answers done,
       std::shared_ptr<drill_faults> faults)
      : done_(std::make_shared<on_webhook_answers>(std::move(done))),
        faults_(std::move(faults)), inner_(std::move(inner)) {}

  void send(std::vector<webhook_request> requests) override {
    const auto others = std::stable_partition(
        requests.begin(), requests.end(),
        [](const auto &one) { return !is_of_drill(one); });
    for (auto one = others; one != requests.end(); ++one)
      receive(*one);
    requests.erase(others, requests.end());
    if (!requests.empty())
      inner_->send(std::move(requests));
  }

  void apply(const config::delivery_settings &settings) override {
    inner_->apply(settings);
  }

private:
  void receive(const webhook_request &request) {
    // A port that is closed answers no more.
    auto answer = [to = std::weak_ptr(done_), token = request.token,
                   begun = std::chrono::steady_clock::now()] {
      if (const auto done = to.lock())
        (*done)({answered(token, begun)});
    };
    if (!faults_->keep_waiting(request.url, answer))
      answer();
  }

  static webhook_answer answered(std::uint64_t token,
                                 std::chrono::steady_clock::time_point begun) {
    constexpr int no_content = 204;
    webhook_answer out;
    out.token = token;
    out.what = webhook_answer::kind::answered;
    out.status = no_content;
    out.begun_at = begun;
    out.duration = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begun);
    return out;
  }

  std::shared_ptr<on_webhook_answers> done_;
  std::shared_ptr<drill_faults> faults_;
  std::unique_ptr<webhook_port> inner_;
};

} // namespace

std::string drill_url(const std::string &name) {
  return std::string(scheme) + name + std::string(nowhere);
}

webhook_port_opener drillable_port(webhook_port_opener inner,
                                   std::shared_ptr<drill_faults> faults) {
  return [inner = std::move(inner), faults = std::move(faults)](
             const config::delivery_settings &settings,
             const on_webhook_answers &done) -> std::unique_ptr<webhook_port> {
    auto behind = inner(settings, done);
    if (!behind)
      return nullptr;
    return std::make_unique<port>(std::move(behind), done, faults);
  };
}

} // namespace sluice::actors
