#include "http/in/stream_hub.hpp"

#include <pthread.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "http/in/event_text.hpp"

namespace sluice::http {

namespace {

problem too_many_streams() {
  constexpr long retry_after = 10;
  problem out;
  out.status = 503;
  out.slug = "too-many-streams";
  out.title = "Too many streams";
  out.detail = "as many streams are open as may be; end one, or come back";
  out.retry_after = retry_after;
  return out;
}

/// Keeps a connection, and what stands in between, from taking it for dead.
constexpr char sign_of_life[] = ":\n\n";

} // namespace

/// What the hub and its streams share.
struct stream_hub::board {
  std::mutex mutex;
  std::condition_variable woken;
  bool is_over = false;
  /// Somebody can have more at once.
  bool is_hurried = false;
  std::vector<std::weak_ptr<stream>> streams;
  std::map<db::organization_id, std::size_t> counts;
  std::size_t count = 0;
  clock::time_point next_look{};
};

class stream_hub::stream final : public body_source {
public:
  stream(std::shared_ptr<board> from, const stream_order &order)
      : board_(std::move(from)), order_(order), position_(order.from),
        heard_of_at_(clock::now()), key_seen_at_(heard_of_at_) {}

  ~stream() override {
    const std::lock_guard lock(board_->mutex);
    --board_->count;
    const auto of_owner = board_->counts.find(order_.organization);
    if (of_owner != board_->counts.end() && --of_owner->second == 0)
      board_->counts.erase(of_owner);
  }

  void next(piece_sink to) override {
    std::unique_lock lock(board_->mutex);
    if (board_->is_over) {
      lock.unlock();
      return to({.bytes = {}, .is_last = true});
    }
    sink_ = std::move(to);
    if (is_behind_ && !std::exchange(board_->is_hurried, true))
      board_->woken.notify_one();
  }

  /// Gives a piece to the reader, who waits for one.
  void give(body_piece piece) {
    piece_sink to;
    {
      const std::lock_guard lock(board_->mutex);
      to = std::exchange(sink_, nullptr);
    }
    heard_of_at_ = clock::now();
    if (to)
      to(std::move(piece));
  }

  /// With the board's lock.
  bool is_waiting() const { return sink_ != nullptr; }
  bool is_behind() const { return is_behind_; }

  // Of the hub's thread, but for `is_behind_`, which has the board's lock.
  void reach(const db::log_position &place, bool has_more) {
    position_ = place;
    const std::lock_guard lock(board_->mutex);
    is_behind_ = has_more;
    if (has_more && sink_)
      board_->is_hurried = true;
  }
  const stream_order &order() const { return order_; }
  const db::log_position &position() const { return position_; }
  clock::time_point heard_of_at() const { return heard_of_at_; }
  clock::time_point &key_seen_at() { return key_seen_at_; }

private:
  const std::shared_ptr<board> board_;
  const stream_order order_;
  db::log_position position_;
  bool is_behind_ = true;
  piece_sink sink_;
  clock::time_point heard_of_at_;
  clock::time_point key_seen_at_;
};

stream_hub::stream_hub(actors::gateway &gateway, authenticator &keys,
                       cursor_codec &cursors)
    : stream_hub(gateway, keys, cursors, limits()) {}

stream_hub::stream_hub(actors::gateway &gateway, authenticator &keys,
                       cursor_codec &cursors, limits most)
    : gateway_(gateway), keys_(keys), cursors_(cursors), most_(most),
      board_(std::make_shared<board>()) {}

stream_hub::~stream_hub() {
  std::vector<std::weak_ptr<stream>> left;
  {
    const std::lock_guard lock(board_->mutex);
    board_->is_over = true;
    board_->woken.notify_one();
    left = std::move(board_->streams);
  }
  if (thread_.joinable())
    thread_.join();
  for (const auto &one : left)
    if (auto open = one.lock())
      open->give({.bytes = {}, .is_last = true});
}

tl::expected<std::shared_ptr<body_source>, problem>
stream_hub::open(const stream_order &order) {
  std::call_once(started_, [this] {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "streams");
  });
  const std::lock_guard lock(board_->mutex);
  auto &of_owner = board_->counts[order.organization];
  if (board_->count >= most_.in_all || of_owner >= most_.of_an_organization) {
    if (of_owner == 0)
      board_->counts.erase(order.organization);
    return tl::unexpected(too_many_streams());
  }
  // So that nothing throws once it is there, and has to go under the lock.
  board_->streams.reserve(board_->streams.size() + 1);
  auto fresh = std::make_shared<stream>(board_, order);
  ++of_owner;
  ++board_->count;
  board_->streams.push_back(fresh);
  board_->woken.notify_one();
  return fresh;
}

std::size_t stream_hub::count() const {
  const std::lock_guard lock(board_->mutex);
  return board_->count;
}

void stream_hub::run() {
  while (wait())
    look_for(due_streams());
}

bool stream_hub::wait() {
  std::unique_lock lock(board_->mutex);
  const auto is_called = [this] {
    return board_->is_over || board_->is_hurried;
  };
  // Nobody is looked for while nobody streams.
  board_->woken.wait(lock, [&] { return is_called() || board_->count > 0; });
  board_->woken.wait_until(lock, board_->next_look, is_called);
  return !board_->is_over;
}

std::vector<stream_hub::stream_ptr> stream_hub::due_streams() {
  std::vector<stream_ptr> seen;
  std::vector<stream_ptr> due;
  const auto now = clock::now();
  {
    const std::lock_guard lock(board_->mutex);
    board_->is_hurried = false;
    const bool is_time = now >= board_->next_look;
    if (is_time)
      board_->next_look = now + most_.between_looks;
    std::erase_if(board_->streams,
                  [](const auto &one) { return one.expired(); });
    for (const auto &one : board_->streams)
      if (auto open = one.lock())
        seen.push_back(std::move(open));
    for (const auto &one : seen)
      if (one->is_waiting() && (is_time || one->is_behind()))
        due.push_back(one);
  }
  // What is the last hold on a stream lets go of it here, without the lock.
  return due;
}

void stream_hub::look_for(const std::vector<stream_ptr> &due) {
  using place = std::tuple<db::organization_id, db::log_position,
                           std::optional<db::timestamp>>;
  std::map<place, std::vector<stream_ptr>> groups;
  for (const auto &one : due) {
    look_at_key(*one);
    groups[{one->order().organization, one->position(), one->order().since}]
        .push_back(one);
  }
  for (const auto &[where, group] : groups)
    feed(group);
}

void stream_hub::look_at_key(stream &one) {
  const auto now = clock::now();
  if (now - one.key_seen_at() < most_.between_looks_at_keys)
    return;
  one.key_seen_at() = now;
  const auto known = keys_.authenticate(one.order().key);
  constexpr int unauthorized = 401;
  if (!known && known.error().status == unauthorized)
    one.give({.bytes = {}, .is_last = true});
}

void stream_hub::feed(const std::vector<stream_ptr> &group) {
  const auto &first = *group.front();
  db::log_query query{.organization = first.order().organization,
                      .from = first.position(),
                      .since = first.order().since,
                      .limit = most_.page};
  const auto page = gateway_.ask<db::log_page>(
      [query](db::store &session) { return session.read_log(query); });
  std::string text;
  bool is_read = page.has_value();
  if (is_read)
    for (const auto &event : page->events) {
      const auto id =
          cursors_.seal(event.position, query.organization, "stream");
      is_read = is_read && id.has_value();
      if (is_read)
        text += stream_text(event, *id);
    }
  for (const auto &one : group) {
    const bool is_quiet =
        clock::now() - one->heard_of_at() >= most_.between_signs_of_life;
    if (is_read)
      one->reach(page->reached, page->has_more);
    if (is_read && !text.empty())
      one->give({.bytes = text});
    else if (is_quiet)
      one->give({.bytes = sign_of_life});
  }
}

std::string stream_text(const db::log_entry &event, std::string_view place) {
  std::string out = "id: ";
  out += place;
  out += "\ndata: ";
  const auto json = to_json(event);
  // Of a payload's line breaks only that they are there is kept: they stand
  // between its tokens.
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '\r' && at + 1 < json.size() && json[at + 1] == '\n')
      continue;
    if (json[at] == '\n' || json[at] == '\r')
      out += "\ndata: ";
    else
      out += json[at];
  }
  return out + "\n\n";
}

} // namespace sluice::http
