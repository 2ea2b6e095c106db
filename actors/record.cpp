#include "actors/record.hpp"

namespace sluice::actors {

namespace {

json facts_of(const db::ledger_sums &sums) {
  return {{"accepted", sums.accepted},       {"adopted", sums.adopted},
          {"written_off", sums.written_off}, {"stored", sums.stored},
          {"waiting", sums.waiting},         {"discarded", sums.discarded}};
}

} // namespace

std::string to_text(const json &document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

json text_or_null(const std::string &text) {
  return text.empty() ? json(nullptr) : json(text);
}

std::string text_at(const json &from, const char *name) {
  const auto &value = from.at(name);
  return value.is_null() ? std::string() : value.get<std::string>();
}

json facts_of(const db::ledger_fault &one) {
  return {{"fault", to_string(one.what)},
          {"event_id", one.id.to_string()},
          {"organization_id", one.owner.to_string()}};
}

json facts_of(const db::ledger_report &books) {
  json faults = json::array();
  for (const auto &one : books.faults)
    faults.push_back(facts_of(one));
  return {
      {"is_balanced", books.is_balanced()}, {"at", db::to_rfc3339(books.at)},
      {"position", books.position},         {"sums", facts_of(books.sums)},
      {"fault_count", books.fault_count},   {"faults", faults}};
}

json facts_of(const db::queue_depth &queue) {
  return {{"pending", queue.pending},
          {"processing", queue.processing},
          {"quarantined", queue.quarantined},
          {"is_exact", queue.exact}};
}

json facts_of(const db::drain_certificate &proof) {
  return {{"begun_at", db::to_rfc3339(proof.begun_at)},
          {"ended_at", db::to_rfc3339(proof.ended_at)},
          {"from", proof.from},
          {"to", proof.to},
          {"waiting_before", proof.waiting_before},
          {"accepted", proof.accepted},
          {"requeued", proof.requeued},
          {"stored", proof.stored},
          {"discarded", proof.discarded},
          {"newly_quarantined", proof.newly_quarantined},
          {"quarantined", proof.quarantined},
          {"is_balanced", proof.is_balanced()}};
}

std::string now_text() {
  return db::to_rfc3339(db::system_now());
}

std::string joined(const std::vector<std::string> &texts,
                   std::string_view between) {
  std::string out;
  for (const auto &one : texts)
    out.append(out.empty() ? "" : between).append(one);
  return out;
}

} // namespace sluice::actors
