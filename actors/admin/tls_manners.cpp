#include "actors/admin/tls_manners.hpp"

#include <atomic>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace sluice::actors {

namespace {

std::atomic<std::uint64_t> refused{0};

/// Connections for which both sides have to show a certificate; no other
/// library in this process makes such.
bool is_ours(const SSL *connection) {
  const auto *context = SSL_get_SSL_CTX(connection);
  return context && (SSL_CTX_get_verify_mode(context) &
                     SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0;
}

void on_handshake(const SSL *connection, int where, int result) {
  if (where != SSL_CB_ACCEPT_EXIT || result > 0)
    return;
  // Not just waiting for the peer.
  if (!BIO_should_retry(SSL_get_rbio(connection)))
    ++refused;
  // Whoever asks is told of a failure all the same.
  ERR_clear_error();
}

void on_new(void *parent, void *, CRYPTO_EX_DATA *, int, long, void *) {
  auto *connection = static_cast<SSL *>(parent);
  if (!is_ours(connection))
    return;
  SSL_set_info_callback(connection, on_handshake);
  // A peer that hangs up without a word ends its connection, and is no
  // failure.
  SSL_set_options(connection, SSL_OP_IGNORE_UNEXPECTED_EOF);
}

void on_free(void *parent, void *, CRYPTO_EX_DATA *, int, long, void *) {
  if (is_ours(static_cast<const SSL *>(parent)))
    ERR_clear_error();
}

} // namespace

void teach_tls_manners() {
  // For the rest of the process: OpenSSL calls these for each connection.
  static const int index =
      SSL_get_ex_new_index(0, nullptr, on_new, nullptr, on_free);
  static_cast<void>(index);
}

std::uint64_t refused_handshakes() {
  return refused;
}

} // namespace sluice::actors
