#include "tests/http/edge/edge_server.hpp"

#include <stdexcept>
#include <utility>

#include "http/in/problem.hpp"

namespace sluice::tests {

using http::request;
using http::response;

namespace {

response text(std::string body) {
  response out;
  out.body = std::move(body);
  out.content_type = "text/plain";
  return out;
}

response echo(const request &req) {
  std::string out;
  for (const auto &[name, value] : req.headers) {
    out.append(name).append("=").append(value).append("\n");
  }
  for (const auto &[name, value] : req.query) {
    out.append("?").append(name).append("=").append(value).append("\n");
  }
  return text(out);
}

} // namespace

http::server_options edge_server::quick_options() {
  http::server_options out;
  out.listen = "127.0.0.1:0";
  return out;
}

edge_server::edge_server(http::server_options options)
    : server_(std::move(options), routes()) {
  server_.start();
}

void edge_server::await_waiting() {
  if (waiting_.get_future().wait_for(raw_socket::patience) !=
      std::future_status::ready) {
    throw std::runtime_error("no request has come to /waits");
  }
}

http::reply_sink edge_server::await_begun() {
  std::unique_lock lock(mutex_);
  if (!has_begun_.wait_for(lock, raw_socket::patience,
                           [this] { return !begun_.empty(); })) {
    throw std::runtime_error("no request was begun");
  }
  auto oldest = std::move(begun_.front());
  begun_.pop_front();
  return oldest;
}

/// Passes on that it is asked.
class edge_server::source final : public http::body_source {
public:
  explicit source(edge_server &at) : at_(at), count_(at.streams_) { ++*count_; }
  ~source() override { --*count_; }

  void next(piece_sink to) override {
    const std::lock_guard lock(at_.mutex_);
    at_.asked_.push_back(std::move(to));
    at_.has_begun_.notify_all();
  }

private:
  edge_server &at_;
  std::shared_ptr<std::atomic<int>> count_;
};

http::body_source::piece_sink edge_server::await_piece() {
  std::unique_lock lock(mutex_);
  if (!has_begun_.wait_for(lock, raw_socket::patience,
                           [this] { return !asked_.empty(); })) {
    throw std::runtime_error("no piece was asked for");
  }
  auto oldest = std::move(asked_.front());
  asked_.pop_front();
  return oldest;
}

http::route edge_server::begun_route(std::string pattern) {
  auto out = counted("GET", std::move(pattern), 0,
                     [](const request &) { return text("waited"); });
  out.begin = [this](const request &req, http::reply_sink to) {
    if (!req.path_values.empty() && req.path_values[0] == "no") {
      return false;
    }
    const std::lock_guard lock(mutex_);
    begun_.push_back(std::move(to));
    has_begun_.notify_all();
    return true;
  };
  out.overdue = [] {
    http::problem late;
    late.status = 503;
    late.slug = "too-late";
    late.title = "Too late";
    return late;
  };
  return out;
}

http::route edge_server::counted(std::string method, std::string pattern,
                                 std::size_t max_body, http::handler handle) {
  return {std::move(method), std::move(pattern), "", max_body,
          [this, handle = std::move(handle)](const request &req) {
            ++handled_;
            return handle(req);
          }};
}

http::route_table edge_server::routes() {
  const auto health = [](const request &) { return text("{}"); };
  const auto accept = [](const request &req) {
    auto out = text(std::string(req.body));
    out.status = 202;
    return out;
  };
  const auto id = [](const request &req) {
    return text(std::string(req.path_values.at(0)));
  };
  const auto gone = [](const request &) {
    response out;
    out.status = 204;
    return out;
  };
  const auto throws = [](const request &) -> response {
    throw std::runtime_error("secret");
  };
  const auto waits = [this](const request &) {
    waiting_.set_value();
    release_.wait_for(raw_socket::patience);
    return text("released");
  };
  const auto large = [](const request &) {
    return text(std::string(4'000'000, 'x'));
  };
  const auto streams = [this](const request &) {
    auto out = text("begun;");
    out.source = std::make_shared<source>(*this);
    return out;
  };
  return {counted("GET", "/health", 0, health),
          counted("POST", "/api/events", 1000, accept),
          counted("GET", "/api/events/{id}", 0, id),
          counted("DELETE", "/api/events/{id}", 0, gone),
          counted("POST", "/api/events/{id}/pause", 0, health),
          counted("GET", "/echo", 0, echo),
          counted("GET", "/large", 0, large),
          counted("GET", "/streams", 0, streams),
          counted("GET", "/throws", 0, throws),
          counted("GET", "/waits", 0, waits),
          begun_route("/begins"),
          begun_route("/begins/{id}")};
}

std::string get(std::string_view target, std::string_view more) {
  std::string out("GET ");
  out.append(target).append(" HTTP/1.1\r\nHost: edge\r\n");
  return out.append(more).append("\r\n");
}

std::string post(std::string_view body, std::string_view more) {
  std::string out("POST /api/events HTTP/1.1\r\nHost: edge\r\n");
  out.append(more).append("Content-Length: ");
  out.append(std::to_string(body.size())).append("\r\n\r\n");
  return out.append(body);
}

} // namespace sluice::tests
