#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// OpenSSL's objects with owners, and what is told of its failures.
namespace sluice::actors {

template <auto Free>
struct frees {
  template <class T>
  void operator()(T *object) const {
    Free(object);
  }
};

using certificate_ptr = std::unique_ptr<X509, frees<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, frees<EVP_PKEY_free>>;
using bio_ptr = std::unique_ptr<BIO, frees<BIO_free_all>>;
using tls_context_ptr = std::unique_ptr<SSL_CTX, frees<SSL_CTX_free>>;
using tls_ptr = std::unique_ptr<SSL, frees<SSL_free>>;

/// Reads PEM from memory.
inline bio_ptr read_from(std::string_view text) {
  return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// What was written into a memory buffer.
inline std::string text_of(BIO *buffer) {
  char *data = nullptr;
  const auto size = BIO_get_mem_data(buffer, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Nobody is asked for a passphrase: a key that has one can't be used.
inline int no_passphrase(char *, int, int, void *) {
  return 0;
}

/// `what`, and OpenSSL's reason; forgets what else had failed on this thread.
inline std::string tls_failure(std::string what) {
  const auto code = ERR_get_error();
  const char *reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  if (reason)
    what.append(": ").append(reason);
  return what;
}

} // namespace sluice::actors
