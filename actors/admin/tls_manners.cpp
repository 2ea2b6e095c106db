#include "actors/admin/tls_manners.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "actors/admin/hang_up.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Strangers can't keep a processor busy: so long the network's thread rests
// when all that it does is to wait.
constexpr milliseconds rest{5};
// And so long, when it has served them for a while. Both are short: others wait
// until whoever runs has rested, or for some milliseconds more, however low its
// priority.
constexpr milliseconds short_rest{1};
constexpr milliseconds longest_service{1};

std::atomic<std::uint64_t> refused{0};

/// What has happened on this thread: peers came, spoke, got in or were refused,
/// or a round of those who are waited for ended with a rest.
thread_local std::uint64_t events_here = 1;
thread_local steady_clock::time_point rested_here;

/// What is kept of each connection.
struct handshake_watch {
  /// All that the peer has sent.
  std::uint64_t bytes = 0;
  /// The events on its thread, when it was last found waiting.
  std::uint64_t events = 0;
};

int handshake_index();

/// Connections for which both sides have to show a certificate; no other
/// library in this process makes such.
bool is_ours(const SSL *connection) {
  const auto *context = SSL_get_SSL_CTX(connection);
  return context && (SSL_CTX_get_verify_mode(context) &
                     SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0;
}

void take_rest(milliseconds length) {
  std::this_thread::sleep_for(length);
  rested_here = steady_clock::now();
}

void rest_when_due() {
  if (steady_clock::now() - rested_here >= longest_service)
    take_rest(short_rest);
}

/// Once in a round of all that wait.
void rest_for_round() {
  ++events_here;
  take_rest(rest);
}

/// The network wants to write first, so it asks a connection again and again
/// whose peer has yet to speak: its socket can be written to all the time. When
/// one is asked twice and nothing has happened between, there is nothing to do.
void wait_for_peer(const SSL *connection, handshake_watch &seen) {
  const auto bytes = BIO_number_read(SSL_get_rbio(connection));
  if (bytes != seen.bytes)
    ++events_here;
  else if (seen.events != events_here)
    rest_when_due();
  else
    rest_for_round();
  seen.bytes = bytes;
  seen.events = events_here;
}

void on_handshake(const SSL *connection, int where, int result) {
  if (where != SSL_CB_ACCEPT_EXIT)
    return;
  if (result > 0) {
    ++events_here;
    return;
  }
  auto *seen = static_cast<handshake_watch *>(
      SSL_get_ex_data(connection, handshake_index()));
  if (BIO_should_retry(SSL_get_rbio(connection))) {
    wait_for_peer(connection, *seen);
  } else if (hang_up(SSL_get_fd(connection))) {
    // The network asks again, or closes it later: it is ended for all by now.
    ++refused;
    ++events_here;
    rest_when_due();
  }
  // Whoever asks is told of a failure all the same.
  ERR_clear_error();
}

void on_new(void *parent, void *, CRYPTO_EX_DATA *data, int index, long,
            void *) {
  auto *connection = static_cast<SSL *>(parent);
  if (!is_ours(connection))
    return;
  // Whoever can't remember it gets no callback.
  auto seen = std::make_unique<handshake_watch>();
  if (CRYPTO_set_ex_data(data, index, seen.get()) != 1)
    return;
  static_cast<void>(seen.release());
  ++events_here;
  rest_when_due();
  SSL_set_info_callback(connection, on_handshake);
  // A peer that hangs up without a word ends its connection, and is no
  // failure.
  SSL_set_options(connection, SSL_OP_IGNORE_UNEXPECTED_EOF);
}

void on_free(void *parent, void *seen, CRYPTO_EX_DATA *, int, long, void *) {
  delete static_cast<handshake_watch *>(seen);
  if (is_ours(static_cast<const SSL *>(parent)))
    ERR_clear_error();
}

int handshake_index() {
  // For the rest of the process: OpenSSL calls these for each connection.
  static const int index =
      SSL_get_ex_new_index(0, nullptr, on_new, nullptr, on_free);
  return index;
}

} // namespace

void teach_tls_manners() {
  static_cast<void>(handshake_index());
}

std::uint64_t refused_handshakes() {
  return refused;
}

} // namespace sluice::actors
