#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

struct problem;

/// One request that was read whole and is well framed: header names are
/// known to be tokens, the body has been received to its last byte and is
/// within the limit of the route. Views live as long as the handler runs.
struct request {
  std::string_view method;
  /// Decoded path, without the query.
  std::string_view path;
  std::string_view body;
  /// Address of the peer, never from a header.
  std::string_view remote_address;
  /// Ours, in every answer as `X-Request-Id`; 26 characters or so of
  /// `a-z0-9-`.
  std::string_view id;
  /// In the order they came; names in lower case, values trimmed.
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  /// Decoded query parameters, in order; a name may come twice.
  std::vector<std::pair<std::string, std::string>> query;
  /// What the `{names}` in the route's pattern stood for, in order.
  std::vector<std::string_view> path_values;

  /// The value of a header (`name` in lower case); nothing when it is absent.
  /// When it came several times: the first; see `header_count`.
  std::optional<std::string_view> header(std::string_view name) const;
  int header_count(std::string_view name) const;
};

/// A part of a body that is made while it is sent.
struct body_piece {
  std::string bytes;
  /// Nothing follows.
  bool is_last = false;
};

/// What a body without a known end comes from. It goes with the connection, on
/// whichever thread that ends.
class body_source {
public:
  /// Takes a piece: once, from any thread.
  using piece_sink = std::function<void(body_piece)>;

  body_source() = default;
  body_source(const body_source &) = delete;
  body_source &operator=(const body_source &) = delete;
  virtual ~body_source() = default;

  /// The peer has taken all that there was: `to` is called once there is more,
  /// perhaps at once. Does not wait. Thus a slow peer has one piece in memory.
  virtual void next(piece_sink to) = 0;
};

struct response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  /// Further headers; names and values of our own making only.
  std::vector<std::pair<std::string, std::string>> headers;
  /// Answer, then close the connection.
  bool closes = false;
  /// What follows `body`, until its end closes the connection.
  std::shared_ptr<body_source> source{};
};

/// Answers a request. Runs on a thread of its own, may block within
/// deadlines of its own, may throw (the client then gets a 500 without any
/// detail).
using handler = std::function<response(const request &)>;

/// Takes the answer to a request: once, from any thread, at any time. What it
/// is given makes the answer, on the thread that sends it.
using reply_sink = std::function<void(std::function<response()>)>;

/// Begins to answer without waiting for anything, and calls `to` then or
/// later. False when it would have to wait: nothing was done, and `to` is not
/// called. `in` lives until it returns.
using prompt_handler = std::function<bool(const request &in, reply_sink to)>;

/// A row of the route table: everything that the server, the OpenAPI document
/// and the 405 answers need to know of a route.
struct route {
  std::string method;
  /// Literal segments and `{name}`s: `/api/events/{id}`. A name stands for
  /// exactly one segment that is not empty.
  std::string pattern;
  /// One line for the OpenAPI document.
  std::string summary;
  /// Bytes of the body at the most; 0: the route takes none, and a request
  /// with a body is refused.
  std::size_t max_body = 0;
  handler handle;
  /// Whether a POST without a length counts as one with an empty body rather
  /// than being refused with 411.
  bool is_body_optional = false;
  /// Tried before `handle`, on the thread that serves all connections. May be
  /// absent.
  prompt_handler begin{};
  /// What is answered when `begin` has begun and no answer comes in
  /// time.
  std::function<problem()> overdue{};
};

/// Every route of the server. Built once, then only read.
using route_table = std::vector<route>;

} // namespace sluice::http
