#include "tests/support/fake_webhook_port.hpp"

#include <algorithm>
#include <utility>

namespace sluice::tests {

struct fake_receivers::state {
  struct waiter {
    std::uint64_t token;
    std::string url;
    const void *port;
    actors::on_webhook_answers done;
  };

  mutable std::mutex mutex;
  script does = [](const actors::webhook_request &) { return 200; };
  std::vector<actors::webhook_request> seen;
  std::vector<waiter> waiting;
  std::map<std::string, std::size_t> at_once;
  std::map<std::string, std::size_t> most;
};

namespace {

std::vector<actors::webhook_answer> answer_of(std::uint64_t token, int status) {
  actors::webhook_answer answer;
  answer.token = token;
  answer.what = actors::webhook_answer::kind::answered;
  answer.status = status;
  answer.begun_at = std::chrono::steady_clock::now();
  return {answer};
}

} // namespace

class fake_receivers::port final : public actors::webhook_port {
public:
  port(std::shared_ptr<state> shared, actors::on_webhook_answers done)
      : shared_(std::move(shared)), done_(std::move(done)) {}

  ~port() override {
    std::lock_guard lock(shared_->mutex);
    for (const auto &one : shared_->waiting)
      if (one.port == this)
        --shared_->at_once[one.url];
    std::erase_if(shared_->waiting,
                  [this](const auto &one) { return one.port == this; });
  }

  void send(std::vector<actors::webhook_request> requests) override {
    for (auto &request : requests) {
      int status = 0;
      {
        std::lock_guard lock(shared_->mutex);
        status = shared_->does(request);
        auto &now = ++shared_->at_once[request.url];
        auto &most = shared_->most[request.url];
        most = std::max(most, now);
        if (status == 0)
          shared_->waiting.push_back({request.token, request.url, this, done_});
        else
          --now;
        shared_->seen.push_back(request);
      }
      if (status != 0)
        done_(answer_of(request.token, status));
    }
  }

  void apply(const config::delivery_settings &) override {}

private:
  std::shared_ptr<state> shared_;
  actors::on_webhook_answers done_;
};

fake_receivers::fake_receivers() : state_(std::make_shared<state>()) {}

fake_receivers::~fake_receivers() = default;

actors::webhook_port_opener fake_receivers::opener() {
  return [shared = state_](const config::delivery_settings &,
                           actors::on_webhook_answers done) {
    return std::make_unique<port>(shared, std::move(done));
  };
}

void fake_receivers::on_request(script does) {
  std::lock_guard lock(state_->mutex);
  state_->does = std::move(does);
}

std::vector<actors::webhook_request> fake_receivers::seen() const {
  std::lock_guard lock(state_->mutex);
  return state_->seen;
}

std::size_t fake_receivers::count() const {
  std::lock_guard lock(state_->mutex);
  return state_->seen.size();
}

std::size_t fake_receivers::waiting() const {
  std::lock_guard lock(state_->mutex);
  return state_->waiting.size();
}

std::size_t fake_receivers::most_at_once(const std::string &url) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->most.find(url);
  return found == state_->most.end() ? 0 : found->second;
}

std::size_t fake_receivers::answer_all(int status) {
  std::vector<state::waiter> waiting;
  {
    std::lock_guard lock(state_->mutex);
    waiting = std::exchange(state_->waiting, {});
    for (const auto &one : waiting)
      --state_->at_once[one.url];
  }
  for (const auto &one : waiting)
    one.done(answer_of(one.token, status));
  return waiting.size();
}

} // namespace sluice::tests
