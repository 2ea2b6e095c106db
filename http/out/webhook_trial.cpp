#include "http/out/webhook_trial.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace sluice::http {

namespace {

// Beyond what the port takes to say that its time is over.
constexpr std::chrono::milliseconds spare{2'000};

actors::webhook_answer not_sent(std::string why) {
  actors::webhook_answer out;
  out.error = std::move(why);
  return out;
}

} // namespace

webhook_trials::webhook_trials(actors::webhook_port_opener open)
    : open_(std::move(open)) {}

class webhook_trials::place {
public:
  place(webhook_trials &of, db::organization_id who) : of_(of), who_(who) {
    const std::lock_guard lock(of_.mutex_);
    is_had_ =
        of_.running_.size() < most_at_once && of_.running_.insert(who_).second;
  }
  ~place() {
    const std::lock_guard lock(of_.mutex_);
    if (is_had_)
      of_.running_.erase(who_);
  }
  place(const place &) = delete;
  place &operator=(const place &) = delete;

  bool is_had() const { return is_had_; }

private:
  webhook_trials &of_;
  const db::organization_id who_;
  bool is_had_ = false;
};

std::optional<actors::webhook_answer>
webhook_trials::run(db::organization_id who, actors::webhook_request request,
                    config::delivery_settings settings) {
  const place own(*this, who);
  if (!own.is_had())
    return std::nullopt;
  settings.timeout = std::min(settings.timeout, longest);
  settings.connect_timeout = std::min(settings.connect_timeout, longest);
  settings.max_in_flight = 1;
  std::promise<actors::webhook_answer> told;
  auto answered = told.get_future();
  // Ends before what it answers to.
  const auto port =
      open_(settings, [&told](std::vector<actors::webhook_answer> answers) {
        told.set_value(std::move(answers.front()));
      });
  if (!port)
    return not_sent("could not be sent: no thread or memory for it");
  std::vector<actors::webhook_request> requests;
  requests.push_back(std::move(request));
  port->send(std::move(requests));
  if (answered.wait_for(settings.timeout + spare) != std::future_status::ready)
    return not_sent("nothing came of it in time");
  return answered.get();
}

} // namespace sluice::http
