#pragma once

#include <memory>
#include <string>

using SSL_CTX = struct ssl_ctx_st;

namespace sluice::tests {

/// A certificate that signs itself, for one name, and its key.
class certificate {
public:
  /// Valid from a day ago until in so many days.
  explicit certificate(const std::string &name, int days = 1);

  /// What a TLS server presents.
  SSL_CTX *server() const { return server_.get(); }
  /// The certificate as a file has it.
  const std::string &pem() const { return pem_; }

private:
  std::shared_ptr<SSL_CTX> server_;
  std::string pem_;
};

} // namespace sluice::tests
