#pragma once

#include <memory>
#include <string>

namespace sluice::tools {

struct http_reply {
  /// 0: no answer.
  int status = 0;
  std::string body;
};

/// One kept-alive connection to 127.0.0.1, one request at a time.
class http_session {
public:
  /// `bearer` goes with every request, unless empty.
  http_session(int port, const std::string &bearer);
  ~http_session();
  http_session(const http_session &) = delete;
  http_session &operator=(const http_session &) = delete;

  http_reply get(const std::string &path);
  http_reply post(const std::string &path, const std::string &body);

private:
  class client;
  std::unique_ptr<client> client_;
};

} // namespace sluice::tools
