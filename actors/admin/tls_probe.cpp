#include "actors/admin/tls_probe.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "actors/admin/descriptor.hpp"
#include "actors/admin/openssl_types.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using verdict = probe_result::verdict;

struct free_addresses {
  void operator()(addrinfo *all) const { ::freeaddrinfo(all); }
};
using addresses_ptr = std::unique_ptr<addrinfo, free_addresses>;

std::string system_text(int code) {
  return std::generic_category().message(code);
}

/// Waits until the socket is ready; false when the time is over.
bool wait_for(int socket, short events, steady_clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd one{.fd = socket, .events = events, .revents = 0};
    const int ready =
        ::poll(&one, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR)
      return ready > 0;
  }
}

/// A connected socket that does not block, or why there is none.
outcome<descriptor> connect_to(const addrinfo &to,
                               steady_clock::time_point deadline) {
  descriptor socket(
      ::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open())
    return failure(system_text(errno));
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0)
    return socket;
  if (errno != EINPROGRESS)
    return failure(system_text(errno));
  if (!wait_for(socket.get(), POLLOUT, deadline))
    return failure("no answer in time");
  int failed = 0;
  socklen_t size = sizeof failed;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failed, &size);
  if (failed != 0)
    return failure(system_text(failed));
  return socket;
}

outcome<descriptor> connect_to(const std::string &host, std::uint16_t port,
                               steady_clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *found = nullptr;
  const int failed =
      ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0)
    return failure(std::string(::gai_strerror(failed)));
  const addresses_ptr all(found);
  outcome<descriptor> last = failure("no such address");
  for (const auto *one = all.get(); one && !last; one = one->ai_next)
    last = connect_to(*one, deadline);
  return last;
}

tls_context_ptr context_with(const identity &own) {
  tls_context_ptr out(SSL_CTX_new(TLS_client_method()));
  const certificate_ptr certificate(PEM_read_bio_X509(
      read_from(own.certificate).get(), nullptr, no_passphrase, nullptr));
  const key_ptr key(PEM_read_bio_PrivateKey(read_from(own.key).get(), nullptr,
                                            no_passphrase, nullptr));
  const auto authorities = read_from(own.authority);
  SSL_CTX_use_certificate(out.get(), certificate.get());
  SSL_CTX_use_PrivateKey(out.get(), key.get());
  while (const certificate_ptr one{
      PEM_read_bio_X509(authorities.get(), nullptr, no_passphrase, nullptr)})
    X509_STORE_add_cert(SSL_CTX_get_cert_store(out.get()), one.get());
  SSL_CTX_set_verify(out.get(), SSL_VERIFY_PEER, nullptr);
  ERR_clear_error();
  return out;
}

probe_result judge(SSL *tls, int result) {
  const int kind = SSL_get_error(tls, result);
  const auto code = ERR_peek_error();
  if (kind == SSL_ERROR_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL &&
      ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
    return {verdict::unreachable, "what listens there does not speak TLS"};
  if (SSL_get_verify_result(tls) != X509_V_OK)
    return {verdict::unauthorised,
            std::string("the service's certificate is not one of ca.crt: ") +
                X509_verify_cert_error_string(SSL_get_verify_result(tls))};
  if (kind == SSL_ERROR_SSL)
    return {verdict::unauthorised,
            tls_failure("the service does not accept this certificate")};
  return {verdict::unauthorised,
          "the service hung up on this certificate, or is "
          "stopping"};
}

/// Repeats one step of the conversation until it has been taken.
template <class Step>
probe_result take(SSL *tls, steady_clock::time_point deadline, Step step) {
  for (;;) {
    ERR_clear_error();
    const int result = step();
    if (result > 0)
      return {};
    const int kind = SSL_get_error(tls, result);
    if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE)
      return judge(tls, result);
    const short events = kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (!wait_for(SSL_get_fd(tls), events, deadline))
      return {verdict::unreachable, "what listens there does not answer"};
  }
}

} // namespace

probe_result probe_admin_port(const std::string &host, std::uint16_t port,
                              const identity &own, milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  const auto socket = connect_to(host, port, deadline);
  if (!socket)
    return {verdict::unreachable, socket.error()};
  const auto context = context_with(own);
  const tls_ptr tls(SSL_new(context.get()));
  SSL_set_fd(tls.get(), socket->get());
  auto met = take(tls.get(), deadline, [&] { return SSL_connect(tls.get()); });
  if (met.what != verdict::welcome)
    return met;
  // Ours is only judged after that; then the service speaks first.
  char first = 0;
  return take(tls.get(), deadline,
              [&] { return SSL_read(tls.get(), &first, 1); });
}

} // namespace sluice::actors
