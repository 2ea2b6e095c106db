#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tl/expected.hpp>

#include "actors/gateway.hpp"
#include "http/in/auth.hpp"
#include "http/in/cursor.hpp"
#include "http/in/problem.hpp"

namespace sluice::http {

/// From where on, and for whom, a log is followed.
struct stream_order {
  db::organization_id organization{};
  /// Of the key that asks: when it is gone, the stream ends.
  db::sha256_digest key{};
  db::log_position from{};
  /// Only what was stored at this time or later.
  std::optional<db::timestamp> since{};
};

/// Follows logs for those who stream them, on one thread of its own that looks
/// only while somebody streams, at most every quarter of a second. Those at the
/// same place of one log share a look. Each has one page in memory at the most,
/// and is not looked after while its reader has not taken that. Thread-safe.
class stream_hub {
public:
  using clock = std::chrono::steady_clock;

  struct limits {
    std::size_t of_an_organization = 20;
    std::size_t in_all = 1'000;
    std::chrono::milliseconds between_looks{250};
    std::chrono::milliseconds between_signs_of_life{15'000};
    std::chrono::milliseconds between_looks_at_keys{30'000};
    /// Events of one piece.
    int page = 32;
  };

  /// All outlive the hub.
  stream_hub(actors::gateway &gateway, authenticator &keys,
             cursor_codec &cursors);
  stream_hub(actors::gateway &gateway, authenticator &keys,
             cursor_codec &cursors, limits most);
  /// Ends all streams.
  ~stream_hub();
  stream_hub(const stream_hub &) = delete;
  stream_hub &operator=(const stream_hub &) = delete;

  /// A body that never ends by itself. 503 `too-many-streams` where there are
  /// as many as there may be.
  tl::expected<std::shared_ptr<body_source>, problem>
  open(const stream_order &order);

  /// How many there are.
  std::size_t count() const;

private:
  class stream;
  struct board;
  using stream_ptr = std::shared_ptr<stream>;

  void run();
  bool wait();
  std::vector<stream_ptr> due_streams();
  void look_for(const std::vector<stream_ptr> &due);
  void feed(const std::vector<stream_ptr> &group);
  void look_at_key(stream &one);

  actors::gateway &gateway_;
  authenticator &keys_;
  cursor_codec &cursors_;
  const limits most_;
  /// Streams may outlive the hub.
  std::shared_ptr<board> board_;
  std::once_flag started_;
  std::thread thread_;
};

/// An event as it is streamed: `id`, which is `place`, and `data`, one line for
/// each of the payload's.
std::string stream_text(const db::log_entry &event, std::string_view place);

} // namespace sluice::http
