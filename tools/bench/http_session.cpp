#include "tools/bench/http_session.hpp"

#include <httplib.h>

namespace sluice::tools {

namespace {

http_reply read(const httplib::Result &result) {
  if (!result)
    return {};
  return {result->status, result->body};
}

} // namespace

class http_session::client : public httplib::Client {
public:
  using httplib::Client::Client;
};

http_session::http_session(int port, const std::string &bearer)
    : client_(std::make_unique<client>("127.0.0.1", port)) {
  client_->set_keep_alive(true);
  client_->set_tcp_nodelay(true);
  client_->set_connection_timeout(std::chrono::seconds(2));
  client_->set_read_timeout(std::chrono::seconds(10));
  if (!bearer.empty())
    client_->set_bearer_token_auth(bearer);
}

http_session::~http_session() = default;

http_reply http_session::get(const std::string &path) {
  return read(client_->Get(path));
}

http_reply http_session::post(const std::string &path,
                              const std::string &body) {
  return read(client_->Post(path, body, "application/json"));
}

} // namespace sluice::tools
