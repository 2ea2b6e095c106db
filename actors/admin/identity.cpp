#include "actors/admin/identity.hpp"

#include <array>
#include <utility>

#include "actors/admin/openssl_types.hpp"

namespace sluice::actors {

namespace {

using store_ptr = std::unique_ptr<X509_STORE, frees<X509_STORE_free>>;
using verification_ptr =
    std::unique_ptr<X509_STORE_CTX, frees<X509_STORE_CTX_free>>;

struct free_stack {
  void operator()(STACK_OF(X509) * all) const {
    sk_X509_pop_free(all, X509_free);
  }
};
using chain_ptr = std::unique_ptr<STACK_OF(X509), free_stack>;

certificate_ptr next_certificate(BIO *from) {
  return certificate_ptr(
      PEM_read_bio_X509(from, nullptr, no_passphrase, nullptr));
}

std::string common_name(X509 *certificate) {
  std::array<char, 256> text{};
  const auto size =
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                                NID_commonName, text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size))
                  : std::string();
}

long days_of(X509 *certificate) {
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate));
  return days;
}

/// By the rules that the TLS library follows when a connection is made.
outcome<void> check_pair(X509 *certificate, EVP_PKEY *key) {
  const tls_context_ptr scratch(SSL_CTX_new(TLS_method()));
  if (!scratch || SSL_CTX_use_certificate(scratch.get(), certificate) != 1)
    return failure(tls_failure("the certificate can't be used"));
  if (SSL_CTX_use_PrivateKey(scratch.get(), key) != 1 ||
      SSL_CTX_check_private_key(scratch.get()) != 1)
    return failure(tls_failure("the key is not the certificate's"));
  return {};
}

outcome<void> check_chain(X509 *certificate, STACK_OF(X509) * between,
                          BIO *authority, admin_role role) {
  const store_ptr trusted(X509_STORE_new());
  bool is_any = false;
  while (auto one = next_certificate(authority)) {
    is_any = true;
    X509_STORE_add_cert(trusted.get(), one.get());
  }
  ERR_clear_error();
  if (!is_any)
    return failure("ca.crt holds no certificate");
  const verification_ptr verification(X509_STORE_CTX_new());
  X509_STORE_CTX_init(verification.get(), trusted.get(), certificate, between);
  X509_STORE_CTX_set_default(verification.get(), role == admin_role::service
                                                     ? "ssl_server"
                                                     : "ssl_client");
  if (X509_verify_cert(verification.get()) == 1)
    return {};
  return failure(std::string("the certificate is not good: ") +
                 X509_verify_cert_error_string(
                     X509_STORE_CTX_get_error(verification.get())));
}

} // namespace

outcome<identity_facts> check(const identity &shown, admin_role role) {
  const auto certificates = read_from(shown.certificate);
  const auto certificate = next_certificate(certificates.get());
  if (!certificate)
    return failure(tls_failure("the certificate can't be read"));
  const chain_ptr between(sk_X509_new_null());
  while (auto one = next_certificate(certificates.get()))
    sk_X509_push(between.get(), one.release());
  ERR_clear_error();
  const key_ptr key(PEM_read_bio_PrivateKey(read_from(shown.key).get(), nullptr,
                                            no_passphrase, nullptr));
  if (!key)
    return failure(tls_failure("the key can't be read"));
  if (auto pair = check_pair(certificate.get(), key.get()); !pair)
    return failure(std::move(pair.error()));
  if (auto chain = check_chain(certificate.get(), between.get(),
                               read_from(shown.authority).get(), role);
      !chain)
    return failure(std::move(chain.error()));
  return identity_facts{.name = common_name(certificate.get()),
                        .days_left = days_of(certificate.get())};
}

outcome<long> days_left(const std::string &certificate) {
  const auto first = next_certificate(read_from(certificate).get());
  if (!first)
    return failure(tls_failure("the certificate can't be read"));
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(first.get()));
  // Less than a day over is over, too.
  return days == 0 && seconds < 0 ? -1 : days;
}

} // namespace sluice::actors
