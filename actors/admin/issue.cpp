#include "actors/admin/issue.hpp"

#include <ctime>

#include "actors/admin/openssl_types.hpp"

namespace sluice::actors {

namespace {

using extension_ptr =
    std::unique_ptr<X509_EXTENSION, frees<X509_EXTENSION_free>>;
using number_ptr = std::unique_ptr<BIGNUM, frees<BN_free>>;

constexpr long day = 24L * 60 * 60;
// An operator must not be locked out by a certificate that ran out: who is to
// be shut out gets a new authority.
constexpr long lifetime = 3650 * day;
// Clocks differ.
constexpr long before_now = day;
constexpr int serial_bits = 127;

bool add_extension(X509 *to, X509 *issuer, int kind, const char *text) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const extension_ptr made(X509V3_EXT_conf_nid(nullptr, &context, kind, text));
  return made && X509_add_ext(to, made.get(), -1) == 1;
}

bool set_serial(X509 *to) {
  const number_ptr number(BN_new());
  return number &&
         BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE,
                 BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(to));
}

/// All but what depends on the issuer.
certificate_ptr blank(const std::string &name, EVP_PKEY *key) {
  certificate_ptr out(X509_new());
  if (!out || X509_set_version(out.get(), 2) != 1 || !set_serial(out.get()))
    return nullptr;
  const auto *text = reinterpret_cast<const unsigned char *>(name.c_str());
  auto *subject = X509_get_subject_name(out.get());
  const bool is_made =
      X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, text,
                                 static_cast<int>(name.size()), -1, 0) == 1 &&
      X509_gmtime_adj(X509_getm_notBefore(out.get()), -before_now) &&
      X509_gmtime_adj(X509_getm_notAfter(out.get()), lifetime) &&
      X509_set_pubkey(out.get(), key) == 1;
  return is_made ? std::move(out) : nullptr;
}

bool finish(X509 *one, X509 *issuer, EVP_PKEY *issuer_key) {
  return X509_set_issuer_name(one, X509_get_subject_name(issuer)) == 1 &&
         add_extension(one, issuer, NID_subject_key_identifier, "hash") &&
         add_extension(one, issuer, NID_authority_key_identifier, "keyid") &&
         X509_sign(one, issuer_key, EVP_sha256()) > 0;
}

bool restrict_to(X509 *one, X509 *issuer, admin_role role) {
  return add_extension(one, issuer, NID_basic_constraints,
                       "critical,CA:FALSE") &&
         add_extension(one, issuer, NID_key_usage,
                       "critical,digitalSignature") &&
         add_extension(one, issuer, NID_ext_key_usage,
                       role == admin_role::service ? "serverAuth"
                                                   : "clientAuth");
}

std::string to_pem(X509 *certificate) {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate);
  return text_of(out.get());
}

std::string to_pem(EVP_PKEY *key) {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr,
                                nullptr);
  return text_of(out.get());
}

key_ptr make_key() {
  return key_ptr(EVP_EC_gen("P-256"));
}

} // namespace

outcome<authority> make_authority() {
  const auto key = make_key();
  const auto own = key ? blank("Sluice admin port", key.get()) : nullptr;
  if (!own ||
      !add_extension(own.get(), own.get(), NID_basic_constraints,
                     "critical,CA:TRUE,pathlen:0") ||
      !add_extension(own.get(), own.get(), NID_key_usage,
                     "critical,keyCertSign,cRLSign") ||
      !finish(own.get(), own.get(), key.get()))
    return failure(tls_failure("no authority could be made"));
  return authority{to_pem(own.get()), to_pem(key.get())};
}

outcome<identity> issue(const authority &by, const std::string &name,
                        admin_role role) {
  const certificate_ptr issuer(PEM_read_bio_X509(
      read_from(by.certificate).get(), nullptr, no_passphrase, nullptr));
  const key_ptr issuer_key(PEM_read_bio_PrivateKey(
      read_from(by.key).get(), nullptr, no_passphrase, nullptr));
  if (!issuer || !issuer_key)
    return failure(tls_failure("the authority can't be read"));
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1)
    return failure(tls_failure("ca.key is not the key of ca.crt"));
  const auto key = make_key();
  const auto made = key ? blank(name, key.get()) : nullptr;
  if (!made || !restrict_to(made.get(), issuer.get(), role) ||
      !finish(made.get(), issuer.get(), issuer_key.get()))
    return failure(tls_failure("no certificate could be made"));
  return identity{to_pem(made.get()), to_pem(key.get()), by.certificate};
}

} // namespace sluice::actors
