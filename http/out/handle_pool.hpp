#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "http/out/curl_handles.hpp"

namespace sluice::http {

/// Handles that are ready for a webhook: POST by HTTP/1.1, without redirects,
/// proxies, cookies, credentials, decompression and signals, with TLS
/// verified. Used again, because each costs some kilobytes and many calls.
class handle_pool {
public:
  /// `ca_file`: more authorities than the system's. Empty: only those.
  handle_pool(std::string user_agent, std::string ca_file)
      : user_agent_(std::move(user_agent)), ca_file_(std::move(ca_file)) {}

  /// Null when there is no memory.
  easy_handle take();

  /// `handle` is one of `take`, with nothing of its transfer left.
  void give(easy_handle handle);

  /// How many are kept.
  void resize(std::size_t most);

private:
  easy_handle make() const;

  std::string user_agent_;
  std::string ca_file_;
  std::size_t most_ = 0;
  std::vector<easy_handle> idle_;
};

} // namespace sluice::http
