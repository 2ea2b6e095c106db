#include "actors/drill/stage.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "actors/rollback/looks.hpp"

namespace sluice::actors {

namespace {

constexpr std::chrono::milliseconds look_interval{10};
constexpr int page = 1000;
constexpr int faults_looked_at = 1000;

db::result<std::vector<db::event_id>> read_inbox(db::store &session,
                                                 db::organization_id owner) {
  std::vector<db::event_id> found;
  db::inbox_query query;
  query.organization = owner;
  query.limit = page;
  for (;;) {
    const auto entries = session.inbox(query);
    if (!entries)
      return tl::unexpected(entries.error());
    for (const auto &one : *entries)
      found.push_back(one.id);
    if (entries->size() < static_cast<std::size_t>(page))
      return found;
    query.after = entries->back().position;
  }
}

std::string count_of(std::size_t count, const char *what) {
  return std::to_string(count) + (count == 1 ? " event " : " events ") + what;
}

} // namespace

drill_stage::drill_stage(props with, drill_report &report)
    : with_(std::move(with)), report_(report),
      load_(with_.door, report.owner, mark_of(report)) {}

void drill_stage::say(const std::string &text) {
  using std::chrono::duration_cast;
  const auto at = duration_cast<milliseconds>(clock::now() - begun_).count();
  report_.steps.push_back(std::to_string(at) + " ms: " + text);
  with_.publish(report_);
}

void drill_stage::fail(std::string why) {
  say("failed: " + why);
  report_.reasons.push_back(std::move(why));
}

void drill_stage::note(const char *name, json value) {
  report_.facts[name] = std::move(value);
}

bool drill_stage::wait(milliseconds limit, const std::function<bool()> &is_so) {
  const auto deadline = clock::now() + limit;
  while (!is_so()) {
    if (is_ended() || clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(look_interval);
  }
  return true;
}

bool drill_stage::recover(clock::time_point since, milliseconds limit,
                          const std::function<bool()> &is_so) {
  const auto is_well = wait(limit, is_so);
  if (is_well) {
    report_.recovery =
        std::chrono::duration_cast<milliseconds>(clock::now() - since);
    say("all is well again");
  }
  return is_well;
}

std::optional<std::vector<db::event_id>> drill_stage::arrived() {
  auto found = door().ask<std::vector<db::event_id>>(
      [owner = report_.owner](db::store &session) {
        return read_inbox(session, owner);
      });
  return found ? std::optional(std::move(*found)) : std::nullopt;
}

bool drill_stage::is_all_there() {
  // Before the look: what is taken after it may be on its way.
  const auto sent = load_.sent();
  const auto there = arrived();
  return there && judge(sent, *there).lost.empty();
}

std::optional<std::vector<db::item_view>>
drill_stage::items(db::item_status status) {
  const db::item_query query{
      .status = status, .organization = report_.owner, .limit = page};
  auto found = door().ask<std::vector<db::item_view>>(
      [query](db::store &session) { return session.list_items(query); });
  return found ? std::optional(std::move(*found)) : std::nullopt;
}

void drill_stage::settle() {
  load_.finish();
  wait(limits().recovery, [this] { return is_all_there(); });
  const auto there = arrived();
  if (!there)
    return fail("the inbox could not be read at the end");
  auto &found = report_.events;
  found = judge(load_.sent(), *there);
  if (!found.lost.empty())
    fail(count_of(found.lost.size(), "accepted and not in the inbox"));
  if (!found.doubled.empty())
    fail(count_of(found.doubled.size(), "there more than once"));
  if (!found.strange.empty())
    fail(count_of(found.strange.size(), "there that nobody accepted"));
  if (found.accepted == 0)
    fail("no event was accepted, so nothing was proven");
  settle_books();
}

void drill_stage::settle_books() {
  auto books = door().verify(faults_looked_at);
  if (!books)
    return fail("the books could not be checked: " + books.error().text);
  const auto count = std::ranges::count(books->faults, report_.owner,
                                        &db::ledger_fault::owner);
  if (books->faults.size() > faults_named)
    books->faults.resize(faults_named);
  note("books", facts_of(*books));
  if (count > 0)
    fail("the books have " +
         count_of(static_cast<std::size_t>(count), "where they should not be"));
}

} // namespace sluice::actors
