#include <chrono>
#include <string>
#include <thread>

#include "tools/ctl/interrupt.hpp"
#include "tools/ctl/verbs.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds drain_look_interval{250};
// Lines that nobody overwrites are few.
constexpr seconds note_interval{5};
// The service ends the drain by itself; this is for one that does not.
constexpr seconds beyond_limit{10};

std::string text_at(const json &gate, const char *name) {
  return gate.is_object() && gate.contains(name) && gate[name].is_string()
             ? gate[name].get<std::string>()
             : std::string();
}

/// What the drain has come to, once it is not under way any more.
ctl_exit conclude(console &on, const json &gate, const std::string &last_seen) {
  if (text_at(gate, "processing") == "drained") {
    const auto proof = gate.value("last_drain", json());
    const auto shown = on.show(gate, show_drain(proof));
    return proof.is_object() && proof.value("is_balanced", false)
               ? shown
               : ctl_exit::refused;
  }
  // By the name under which the service acts itself.
  if (text_at(gate, "changed_by") == "sluice")
    return on.fail(ctl_exit::timed_out,
                   "the queue was not empty in time, and is worked on: " +
                       last_seen);
  return on.fail(ctl_exit::refused, "the drain was ended by " +
                                        text_at(gate, "changed_by") + ": " +
                                        text_at(gate, "reason"));
}

class progress {
public:
  explicit progress(console &on) : on_(on) {}

  void show(const json &gate) {
    last_ = show_drain_progress(gate);
    const auto now = steady_clock::now();
    if (!on_.overwrites_notes() && now < next_)
      return;
    on_.note(last_);
    next_ = now + note_interval;
  }
  const std::string &last() const { return last_; }

private:
  console &on_;
  std::string last_ = "nothing was seen of it";
  steady_clock::time_point next_;
};

} // namespace

ctl_exit run_drain(console &on, seconds limit, const change_options &why) {
  json body = {{"timeout", limit.count()}};
  if (!why.reason.empty())
    body["reason"] = why.reason;
  if (why.resume_after)
    body["resume_after"] = why.resume_after->count();
  if (why.is_trial) {
    body["dry_run"] = true;
    const auto preview = on.post("/admin/v1/drain", body);
    return preview ? on.show(*preview, show_dials(*preview)) : preview.error();
  }
  const auto begun = on.post("/admin/v1/drain", body);
  if (!begun)
    return begun.error();
  const auto deadline = steady_clock::now() + limit + beyond_limit;
  progress seen(on);
  while (steady_clock::now() < deadline) {
    const auto gate = on.get("/admin/v1/gate");
    if (!gate)
      return gate.error();
    if (text_at(*gate, "processing") != "draining")
      return conclude(on, *gate, seen.last());
    if (interrupt_watch::was_interrupted())
      return on.fail(ctl_exit::refused,
                     "not waited for any longer; the drain goes on: " +
                         show_drain_progress(*gate));
    seen.show(*gate);
    std::this_thread::sleep_for(drain_look_interval);
  }
  return on.fail(ctl_exit::timed_out,
                 "the drain is under way still: " + seen.last());
}

} // namespace sluice::tools
