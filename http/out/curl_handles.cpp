#include "http/out/curl_handles.hpp"

#include <system_error>

#include <openssl/x509_vfy.h>

namespace sluice::http {

namespace {

using std::chrono::milliseconds;

bool was_connected(CURL *handle) {
  curl_off_t at = 0;
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &at);
  return at > 0;
}

std::string text_of_system_error(CURL *handle) {
  long number = 0;
  curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
  if (number == 0)
    return "";
  auto text = std::generic_category().message(static_cast<int>(number));
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z')
    text[0] = static_cast<char>(text[0] + ('a' - 'A'));
  return ": " + text;
}

std::string text_of_certificate(CURL *handle) {
  long verdict = X509_V_OK;
  curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &verdict);
  switch (verdict) {
  // libcurl compares names before it asks OpenSSL for its verdict.
  case X509_V_OK:
  case X509_V_ERR_UNSPECIFIED:
    return "TLS: the certificate is for another host";
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return "TLS: the certificate has expired";
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return "TLS: the certificate is not valid yet";
  default:
    return "TLS: certificate not trusted";
  }
}

std::string text_of_timeout(CURL *handle, const attempt_limits &limits,
                            milliseconds took) {
  if (took < limits.whole && !was_connected(handle))
    return "could not connect within " + text_of_time(limits.connect);
  return "timed out after " + text_of_time(limits.whole);
}

} // namespace

bool append(curl_list &list, const std::string &line) {
  auto *longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr)
    return false;
  // It is the same list, unless there was none.
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

bool has_curl() {
  static const CURLcode begun = curl_global_init(CURL_GLOBAL_DEFAULT);
  return begun == CURLE_OK;
}

std::string text_of_time(milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                  : std::to_string(time.count()) + " ms";
}

std::string text_of_failure(CURL *handle, CURLcode code,
                            const attempt_limits &limits, milliseconds took) {
  // Of libcurl's hundred codes, those that a receiver can bring about.
  if (code == CURLE_OPERATION_TIMEDOUT)
    return text_of_timeout(handle, limits, took);
  if (code == CURLE_COULDNT_CONNECT)
    return "could not connect" + text_of_system_error(handle);
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    return text_of_certificate(handle);
  if (code == CURLE_SSL_CONNECT_ERROR)
    return "TLS: the handshake failed";
  if (code == CURLE_GOT_NOTHING)
    return "the connection was closed without an answer";
  if (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR)
    return "the connection was lost" + text_of_system_error(handle);
  if (code == CURLE_PARTIAL_FILE)
    return "the answer ended too early";
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY ||
      code == CURLE_BAD_CONTENT_ENCODING)
    return "the answer is not HTTP";
  return std::string("could not be sent: ") + curl_easy_strerror(code);
}

} // namespace sluice::http
