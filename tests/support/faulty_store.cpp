#include "tests/support/faulty_store.hpp"

#include <algorithm>
#include <utility>

#include "db/store_around.hpp"

namespace sluice::tests {

namespace {

using moment = planned_fault::moment;

constexpr std::string_view doubt_prefix = "faulty:";

/// Outcomes inside a doubt: a digit for the kind and the id's text, each.
std::string write_doubt(const std::vector<db::accept_outcome> *outcomes) {
  std::string doubt(doubt_prefix);
  if (outcomes == nullptr)
    return doubt + "nothing";
  for (const auto &outcome : *outcomes) {
    doubt += static_cast<char>('0' + static_cast<int>(outcome.what));
    outcome.id.value().append_to(doubt);
  }
  return doubt;
}

std::optional<std::vector<db::accept_outcome>>
read_doubt(std::string_view doubt) {
  doubt.remove_prefix(doubt_prefix.size());
  if (doubt == "nothing")
    return std::nullopt;
  std::vector<db::accept_outcome> outcomes;
  for (; doubt.size() >= 37; doubt.remove_prefix(37))
    outcomes.push_back({static_cast<db::accept_outcome::kind>(doubt[0] - '0'),
                        *db::event_id::parse(doubt.substr(1, 36))});
  return outcomes;
}

db::error planned_error(const std::string &method, const planned_fault &fault) {
  return {fault.code, method + ": planned fault", {}, {}};
}

class faulty_session : public db::store_around<faulty_session> {
public:
  faulty_session(std::unique_ptr<db::store> inner,
                 std::shared_ptr<fault_plan> plan)
      : store_around(std::move(inner)), plan_(std::move(plan)) {}

  db::result<std::vector<db::accept_outcome>>
  accept(std::span<const db::new_event> events,
         std::chrono::seconds window) override {
    const std::vector<db::accept_outcome> *written = nullptr;
    db::result<std::vector<db::accept_outcome>> kept;
    auto answer = around("accept", [&] {
      kept = inner().accept(events, window);
      if (kept)
        written = &*kept;
      return kept;
    });
    if (!answer && answer.error().code == db::errc::in_doubt &&
        answer.error().doubt.empty())
      answer.error().doubt = write_doubt(written);
    return answer;
  }

  db::result<std::optional<std::vector<db::accept_outcome>>>
  resolve(const db::error &doubt) override {
    return around(
        "resolve",
        [&]() -> db::result<std::optional<std::vector<db::accept_outcome>>> {
          if (doubt.doubt.starts_with(doubt_prefix))
            return read_doubt(doubt.doubt);
          return inner().resolve(doubt);
        });
  }

  db::result<std::optional<db::gate_state>>
  change_gate(const db::gate_change &change) override {
    return around_in_doubt("change_gate",
                           [&] { return inner().change_gate(change); });
  }

  db::result<std::optional<db::setting_overrides>>
  change_overrides(const db::override_change &change) override {
    return around_in_doubt("change_overrides",
                           [&] { return inner().change_overrides(change); });
  }

private:
  friend store_around<faulty_session>;

  /// For calls whose outcome `resolve` is asked for.
  template <class Effect>
  auto around_in_doubt(const std::string &method, Effect effect)
      -> decltype(effect()) {
    bool is_made = false;
    auto answer = around(method, [&] {
      auto made = effect();
      is_made = made.has_value();
      return made;
    });
    const std::vector<db::accept_outcome> none;
    if (!answer && answer.error().code == db::errc::in_doubt &&
        answer.error().doubt.empty())
      answer.error().doubt = write_doubt(is_made ? &none : nullptr);
    return answer;
  }

  template <class Effect>
  auto around(const std::string &method, Effect effect) -> decltype(effect()) {
    auto fault = plan_->next(method);
    if (is_spent_)
      return db::fail(db::errc::unavailable, method + ": session is spent");
    if (fault && fault->when == moment::before_effect)
      return fail_with(method, *fault);
    auto answer = effect();
    if (fault && answer)
      return fail_with(method, *fault);
    return answer;
  }

  tl::unexpected<db::error> fail_with(const std::string &method,
                                      const planned_fault &fault) {
    is_spent_ =
        fault.code == db::errc::unavailable || fault.code == db::errc::in_doubt;
    return tl::unexpected(planned_error(method, fault));
  }

  std::shared_ptr<fault_plan> plan_;
  bool is_spent_ = false;
};

} // namespace

void fault_plan::add(planned_fault fault) {
  std::lock_guard guard(mutex_);
  entries_.push_back({std::move(fault), 0});
}

void fault_plan::clear() {
  std::lock_guard guard(mutex_);
  entries_.clear();
}

int fault_plan::calls(const std::string &method) const {
  std::lock_guard guard(mutex_);
  int sum = 0;
  for (const auto &[name, count] : calls_)
    if (method == name || (method.empty() && name != "connect"))
      sum += count;
  return sum;
}

int fault_plan::faults() const {
  std::lock_guard guard(mutex_);
  return faults_;
}

void fault_plan::hold(const std::string &method, int times) {
  std::lock_guard guard(mutex_);
  to_hold_ = method;
  left_to_hold_ = times;
}

int fault_plan::holding() const {
  std::lock_guard guard(mutex_);
  return holding_;
}

void fault_plan::let_go() {
  std::lock_guard guard(mutex_);
  left_to_hold_ = 0;
  ++times_let_go_;
  let_go_.notify_all();
}

std::optional<planned_fault> fault_plan::next(const std::string &method) {
  std::unique_lock guard(mutex_);
  if (left_to_hold_ > 0 && to_hold_ == method) {
    --left_to_hold_;
    ++holding_;
    let_go_.wait(guard,
                 [this, now = times_let_go_] { return times_let_go_ != now; });
    --holding_;
  }
  auto counted = std::find_if(calls_.begin(), calls_.end(), [&](auto &counter) {
    return counter.first == method;
  });
  if (counted == calls_.end())
    calls_.emplace_back(method, 1);
  else
    ++counted->second;
  std::optional<planned_fault> due;
  for (auto &[fault, seen] : entries_) {
    bool matches =
        fault.method == method || (fault.method.empty() && method != "connect");
    if (!matches)
      continue;
    ++seen;
    bool is_due = seen >= fault.call &&
                  (fault.times < 0 || seen < fault.call + fault.times);
    if (is_due && !due)
      due = fault;
  }
  faults_ += due ? 1 : 0;
  return due;
}

faulty_source::faulty_source(std::shared_ptr<db::store_source> inner)
    : inner_(std::move(inner)), plan_(std::make_shared<fault_plan>()) {}

db::result<std::unique_ptr<db::store>>
faulty_source::connect(db::purpose what_for) {
  auto fault = plan_->next("connect");
  if (fault)
    return tl::unexpected(planned_error("connect", *fault));
  auto session = inner_->connect(what_for);
  if (!session)
    return session;
  return std::make_unique<faulty_session>(std::move(*session), plan_);
}

} // namespace sluice::tests
