#include "actors/delivery/dispatcher.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/control/child.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;

// How soon a change of an endpoint by another node is known here.
constexpr milliseconds refresh_interval{1'000};
// Between two claims that a wake-up may cause.
constexpr milliseconds least_between_looks{5};
// Payloads in flight; memory is bounded by it, not by what waits.
constexpr std::size_t most_bytes_in_flight = 64UL * 1024 * 1024;
// One claim: a transaction that others don't wait for long.
constexpr int most_of_a_claim = 256;
// Beyond what an attempt may take: for the store, twice, and for the machine.
constexpr milliseconds spare_of_a_lease{10'000};

milliseconds lease_of(const config::settings &now) {
  return now.delivery.timeout + now.delivery.connect_timeout +
         2 * now.store.call_timeout + spare_of_a_lease;
}

/// Of a delivery that was claimed under this fence; nothing was sent yet.
template <class Delivery>
db::delivery_result returned(const Delivery &one, db::claim_id fence) {
  db::delivery_result out;
  out.id = one.id;
  out.organization = one.organization;
  out.fence = fence;
  out.what = db::delivery_result::kind::returned;
  return out;
}

} // namespace

dispatcher_state::dispatcher_state(pointer self) : self_(self) {}

dispatcher_state::~dispatcher_state() {
  if (parts_)
    parts_->counts.deliveries_in_flight = 0;
}

void dispatcher_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::work);
  answers_ = std::make_shared<answer_box>();
  if (!parts_->open_webhook_port)
    return;
  // Told to a successor, or to nobody, it does no harm: each looks into its
  // box now and then, too.
  port_ = parts_->open_webhook_port(
      parts_->settings->delivery,
      [box = answers_, parts = parts_](std::vector<webhook_answer> answers) {
        if (box->put(std::move(answers)))
          caf::anon_send(parts->dispatcher.get(), done_atom::value);
      });
  if (!port_)
    spdlog::error("webhooks can't be sent: no thread or memory for it");
  plan(clock::now());
}

void dispatcher_state::woken() {
  if (book_.empty() || leaving_until_)
    return;
  next_look_ = std::min(next_look_, clock::now() + least_between_looks);
  go_on();
}

void dispatcher_state::answered() {
  note_answers();
  record();
  go_on();
}

void dispatcher_state::endpoints_changed() {
  refreshed_at_ = {};
  next_look_ = {};
  go_on();
}

void dispatcher_state::settings_changed() {
  if (port_)
    port_->apply(parts_->settings->delivery);
  next_look_ = {};
  go_on();
}

void dispatcher_state::tick(std::uint64_t plan) {
  if (plan != plan_)
    return;
  note_answers();
  record();
  go_on();
}

void dispatcher_state::go_on() {
  if (!port_)
    return;
  if (leaving_until_)
    return end_when_done();
  refresh_endpoints();
  note_endpoints();
  // A store that does not take what has happened gets no more of it.
  while (results_.empty() && next_look_ <= clock::now() && room() > 0)
    if (!claim_once())
      break;
  parts_->counts.deliveries_in_flight = in_flight_.size();
  auto now = clock::now();
  plan(std::clamp(next_look_, now + milliseconds(1),
                  now + parts_->settings->delivery.poll_interval));
}

void dispatcher_state::refresh_endpoints() {
  auto now = clock::now();
  if (now - refreshed_at_ < refresh_interval)
    return;
  refreshed_at_ = now;
  auto active =
      session_->with([](db::store &store) { return store.active_endpoints(); });
  if (active)
    book_.set(std::move(*active), now);
}

void dispatcher_state::note_endpoints() {
  auto notes = book_.take_notes();
  if (notes.empty())
    return;
  auto parked = session_->with(
      [&](db::store &store) { return store.note_endpoints(notes); });
  if (!parked)
    return book_.put_back(std::move(notes));
  if (*parked == 0)
    return;
  parts_->counts.endpoints_parked += static_cast<std::uint64_t>(*parked);
  for (const auto &one : notes)
    if (one.what == db::endpoint_note::kind::park)
      spdlog::warn("endpoint {} is parked: {}", one.endpoint.to_string(),
                   one.reason);
  refreshed_at_ = {};
}

int dispatcher_state::room() {
  // The database decides; this only saves asking it in vain.
  auto is_open =
      parts_->is_enlisted &&
      parts_->gate_state.get().state.delivery == db::delivery_mode::running;
  const auto now = clock::now();
  const auto ramped = ramp_.width(is_open, now);
  if (in_flight_.size() >= ramped || bytes_in_flight_ >= most_bytes_in_flight)
    return 0;
  auto by_bytes = (most_bytes_in_flight - bytes_in_flight_) /
                      std::max<std::size_t>(mean_bytes_, 1) +
                  1;
  return static_cast<int>(
      std::min({ramped - in_flight_.size(), by_bytes,
                static_cast<std::size_t>(
                    book_.room(parts_->settings->delivery.max_in_flight, now)),
                static_cast<std::size_t>(most_of_a_claim)}));
}

bool dispatcher_state::claim_once() {
  auto now = clock::now();
  auto settings = parts_->settings.get();
  next_look_ = now + settings->delivery.poll_interval;
  const auto limit = room();
  db::delivery_request request{.node = parts_->self.id,
                               .fence = db::claim_id::generate(),
                               .lease = lease_of(*settings),
                               .limit = limit,
                               .shares = book_.shares(limit, now)};
  if (request.shares.empty())
    return false;
  auto claim = session_->with(
      [&](db::store &store) { return store.claim_deliveries(request); });
  if (!claim) {
    next_look_ = std::max(next_look_, session_->next_attempt());
    spdlog::debug("dispatcher: {}", claim.error().text);
    return false;
  }
  auto count = static_cast<int>(claim->deliveries.size());
  send(*claim);
  // Slow endpoints don't keep the others waiting: whoever has room is asked
  // for again when answers come in.
  if (count > 0)
    next_look_ = now;
  return count > 0;
}

void dispatcher_state::send(const db::delivery_claim &claim) {
  auto now = clock::now();
  auto wall = db::system_now();
  std::vector<webhook_request> requests;
  for (const auto &one : claim.deliveries) {
    auto request = book_.request(one, wall);
    if (!request || !book_.begin(one, now)) {
      results_.push_back(returned(one, claim.fence));
      continue;
    }
    auto bytes = one.payload.size();
    mean_bytes_ = mean_bytes_ == 0 ? bytes : (7 * mean_bytes_ + bytes) / 8;
    bytes_in_flight_ += bytes;
    request->token = ++last_token_;
    in_flight_.emplace(last_token_, flight{.id = one.id,
                                           .organization = one.organization,
                                           .endpoint = one.endpoint,
                                           .fence = claim.fence,
                                           .attempts = one.attempts,
                                           .bytes = bytes});
    requests.push_back(std::move(*request));
  }
  if (!requests.empty())
    port_->send(std::move(requests));
  record();
}

void dispatcher_state::note_answers() {
  for (const auto &answer : answers_->take()) {
    auto flown = in_flight_.find(answer.token);
    if (flown == in_flight_.end())
      continue;
    note(answer, flown->second);
    bytes_in_flight_ -= flown->second.bytes;
    in_flight_.erase(flown);
  }
}

void dispatcher_state::note(const webhook_answer &answer, const flight &was) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  const auto settings = parts_->settings.get();
  const auto now = clock::now();
  auto found = judge(answer, was.attempts, settings->delivery,
                     std::uniform_real_distribution<>(-1, 1)(random_));
  book_.end(was.endpoint, found,
            {.now = now, .wall = db::system_now(), .took = answer.duration},
            settings->delivery.park_after);
  auto &counts = parts_->counts;
  ++(found.is_delivered() ? counts.delivered : counts.delivery_failures);
  counts.delivery_time.note(answer.duration);
  auto result = returned(was, was.fence);
  result.what = found.what;
  result.retry_in = found.retry_in;
  result.begun_ago = duration_cast<microseconds>(now - answer.begun_at);
  result.duration = answer.duration;
  result.error = std::move(found.error);
  result.response_head = answer.head;
  if (answer.what == webhook_answer::kind::answered)
    result.response_status = answer.status;
  results_.push_back(std::move(result));
}

void dispatcher_state::record() {
  if (results_.empty())
    return;
  auto recorded = session_->with(
      [&](db::store &store) { return store.record_deliveries(results_); });
  if (!recorded) {
    spdlog::debug("dispatcher: {}", recorded.error().text);
    if (recorded.error().code == db::errc::rejected) {
      // Whoever rescues them tries again.
      spdlog::error("results of deliveries are refused: {}",
                    recorded.error().text);
      results_.clear();
    }
    return;
  }
  auto &counts = parts_->counts;
  counts.lost_deliveries += static_cast<std::uint64_t>(recorded->lost);
  counts.dead_letters += static_cast<std::uint64_t>(
      std::count_if(results_.begin(), results_.end(), [](const auto &one) {
        return one.what == db::delivery_result::kind::dead_letter;
      }));
  results_.clear();
  next_look_ = {};
}

void dispatcher_state::leave() {
  if (!port_)
    return self_->quit(caf::exit_reason::user_shutdown);
  // The rest of the tree has to stop in the time that is left.
  leaving_until_ = clock::now() + parts_->settings->shutdown.grace / 2;
  end_when_done();
}

void dispatcher_state::give_up() {
  port_.reset();
  note_answers();
  for (const auto &[token, one] : in_flight_)
    results_.push_back(returned(one, one.fence));
  in_flight_.clear();
}

void dispatcher_state::end_when_done() {
  auto is_late = clock::now() >= *leaving_until_;
  if (is_late && !in_flight_.empty())
    give_up();
  if (in_flight_.empty()) {
    record();
    note_endpoints();
    if (results_.empty() || is_late)
      return self_->quit(caf::exit_reason::user_shutdown);
  }
  // The clock runs on until all have stopped.
  self_->delayed_send(self_, milliseconds(20), tick_atom::value, ++plan_);
}

void dispatcher_state::plan(clock::time_point at) {
  auto wait = std::max(at - clock::now(), clock::duration(0));
  send_to_itself_later(self_, *parts_, wait, tick_atom::value, ++plan_);
}

dispatcher_actor::behavior_type dispatcher(dispatcher_state::pointer self,
                                           parts_ptr parts) {
  self->state.init(std::move(parts));
  self->set_exit_handler([=](caf::exit_msg &order) {
    if (order.reason == caf::exit_reason::user_shutdown)
      self->state.leave();
    else
      self->quit(order.reason);
  });
  return {
      [=](wake_atom) { self->state.woken(); },
      [=](done_atom) { self->state.answered(); },
      [=](look_atom) { self->state.endpoints_changed(); },
      [=](tick_atom, std::uint64_t plan) { self->state.tick(plan); },
      [=](apply_atom) { self->state.settings_changed(); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
