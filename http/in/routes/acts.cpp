#include "http/in/routes/acts.hpp"

#include <utility>

#include <spdlog/spdlog.h>

namespace sluice::http {

db::result<noted_act> noted_act::begin(service &shared, db::act_note note) {
  const auto position = shared.gateway.ask<std::int64_t>(
      [note = std::move(note)](db::store &session) {
        return session.note_act(note);
      });
  if (!position)
    return tl::unexpected(position.error());
  return noted_act(shared, *position);
}

noted_act noted_act::begin_or_log(service &shared, const db::act_note &note) {
  auto noted = begin(shared, note);
  if (noted)
    return *noted;
  spdlog::warn("not in the audit log: {} {} by {}: {} ({})", note.action,
               note.target, note.actor, note.reason, noted.error().text);
  return {shared, 0};
}

void noted_act::end(const std::string &outcome) const {
  if (!is_in_log())
    return;
  const auto done = shared_->gateway.ask<bool>(
      [position = position_, outcome](db::store &session) {
        return session.note_outcome(position, outcome).map([] { return true; });
      });
  if (!done)
    spdlog::warn("the audit log lacks what came of an order: {} ({})", outcome,
                 done.error().text);
}

} // namespace sluice::http
