#include "http/out/handle_pool.hpp"

namespace sluice::http {

namespace {

// Answers are short; the smallest buffers that curl takes without complaint.
constexpr long receive_buffer = 4096;
constexpr long send_buffer = 16L * 1024;
constexpr long keepalive_seconds = 30;

template <class Value>
bool set(const easy_handle &handle, CURLoption option, Value value) {
  return curl_easy_setopt(handle.get(), option, value) == CURLE_OK;
}

bool set_manners(const easy_handle &handle) {
  return set(handle, CURLOPT_POST, 1L) &&
         set(handle, CURLOPT_PROTOCOLS_STR, "http,https") &&
         set(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) &&
         set(handle, CURLOPT_HTTP09_ALLOWED, 0L) &&
         set(handle, CURLOPT_FOLLOWLOCATION, 0L) &&
         set(handle, CURLOPT_PROXY, "") &&
         set(handle, CURLOPT_NETRC, long{CURL_NETRC_IGNORED}) &&
         set(handle, CURLOPT_NOSIGNAL, 1L) &&
         set(handle, CURLOPT_NOPROGRESS, 1L) &&
         set(handle, CURLOPT_TCP_KEEPALIVE, 1L) &&
         set(handle, CURLOPT_TCP_KEEPIDLE, keepalive_seconds) &&
         set(handle, CURLOPT_TCP_KEEPINTVL, keepalive_seconds) &&
         set(handle, CURLOPT_BUFFERSIZE, receive_buffer) &&
         set(handle, CURLOPT_UPLOAD_BUFFERSIZE, send_buffer);
}

bool set_trust(const easy_handle &handle, const std::string &ca_file) {
  if (!set(handle, CURLOPT_SSL_VERIFYPEER, 1L) ||
      !set(handle, CURLOPT_SSL_VERIFYHOST, 2L) ||
      !set(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}))
    return false;
  // A folder is read certificate by certificate, on demand, so the system's
  // stays beside the file.
  if (!ca_file.empty())
    return set(handle, CURLOPT_CAINFO, ca_file.c_str());
  // With both, curl would parse the system's file for each connection; with
  // the file alone it keeps what it has parsed.
  const auto *facts = curl_version_info(CURLVERSION_NOW);
  return facts->cainfo == nullptr ||
         set(handle, CURLOPT_CAPATH, static_cast<const char *>(nullptr));
}

} // namespace

easy_handle handle_pool::take() {
  if (idle_.empty())
    return make();
  auto out = std::move(idle_.back());
  idle_.pop_back();
  return out;
}

void handle_pool::give(easy_handle handle) {
  if (idle_.size() < most_)
    idle_.push_back(std::move(handle));
}

void handle_pool::resize(std::size_t most) {
  most_ = most;
  if (idle_.size() > most_)
    idle_.resize(most_);
}

easy_handle handle_pool::make() const {
  easy_handle out(curl_easy_init());
  if (!out || !set_manners(out) || !set_trust(out, ca_file_) ||
      !set(out, CURLOPT_USERAGENT, user_agent_.c_str()))
    return nullptr;
  return out;
}

} // namespace sluice::http
