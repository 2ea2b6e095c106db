#include "tests/http/out/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace sluice::tests {

namespace {

constexpr long day = 24L * 60 * 60;

void add_extension(X509 *to, int kind, const std::string &value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, to, to, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()),
      &X509_EXTENSION_free);
  X509_add_ext(to, made.get(), -1);
}

} // namespace

certificate::certificate(const std::string &name, int days)
    : server_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(),
                                                         &X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -2 * day);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), days * day);
  X509_set_pubkey(made.get(), key.get());
  auto *subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(
      subject, "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char *>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(made.get(), NID_subject_alt_name, "DNS:" + name);
  X509_sign(made.get(), key.get(), EVP_sha256());
  SSL_CTX_use_certificate(server_.get(), made.get());
  SSL_CTX_use_PrivateKey(server_.get(), key.get());

  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()),
                                                         &BIO_free);
  PEM_write_bio_X509(memory.get(), made.get());
  char *text = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &text);
  pem_.assign(text, static_cast<std::size_t>(size));
}

} // namespace sluice::tests
