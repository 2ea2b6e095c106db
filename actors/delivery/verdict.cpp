#include "actors/delivery/verdict.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;

// Of a wait, either way.
constexpr double greatest_jitter = 0.2;

constexpr int too_many_requests = 429;
constexpr int service_unavailable = 503;
constexpr int gone = 410;

bool may_ask_for_a_wait(const webhook_answer &answer) {
  return answer.what == webhook_answer::kind::answered &&
         (answer.status == too_many_requests ||
          answer.status == service_unavailable);
}

milliseconds with_jitter(milliseconds wait, double jitter) {
  auto count = static_cast<double>(wait.count());
  return milliseconds(
      static_cast<std::int64_t>(count * (1 + greatest_jitter * jitter)));
}

milliseconds asked_wait(const webhook_answer &answer) {
  if (!may_ask_for_a_wait(answer) || !answer.retry_after)
    return milliseconds(0);
  constexpr auto longest =
      std::chrono::duration_cast<std::chrono::seconds>(longest_asked_wait);
  return std::clamp(*answer.retry_after, std::chrono::seconds(0), longest);
}

} // namespace

verdict judge(const webhook_answer &answer, int attempts,
              const config::delivery_settings &settings, double jitter) {
  if (answer.has_arrived())
    return {};
  verdict out{.error = answer.failure()};
  out.is_gone =
      answer.what == webhook_answer::kind::answered && answer.status == gone;
  const auto &waits = settings.retry_schedule;
  auto failed = static_cast<std::size_t>(std::max(attempts, 1));
  if (failed > waits.size()) {
    out.what = db::delivery_result::kind::dead_letter;
    return out;
  }
  out.what = db::delivery_result::kind::retry;
  out.retry_in =
      std::max(with_jitter(waits[failed - 1], jitter), asked_wait(answer));
  return out;
}

} // namespace sluice::actors
