#include "http/out/transfer.hpp"

#include <algorithm>
#include <utility>

#include <sys/socket.h>

#include "http/out/reachable.hpp"
#include "http/out/standard_webhooks.hpp"

namespace sluice::http {

namespace {

using actors::webhook_answer;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

template <class Value>
bool set(const easy_handle &handle, CURLoption option, Value value) {
  return curl_easy_setopt(handle.get(), option, value) == CURLE_OK;
}

long at_least_one(milliseconds time) {
  // To curl, zero means its own default.
  return std::max<long>(1, static_cast<long>(time.count()));
}

} // namespace

transfer::transfer(actors::webhook_request request,
                   std::shared_ptr<const sending_rules> rules)
    : request_(std::move(request)), rules_(std::move(rules)),
      begun_at_(steady_clock::now()) {}

transfer::verdict transfer::check() {
  auto target =
      parse_webhook_url(request_.url, rules_->guard, rules_->allows_http);
  if (!target)
    return refuse(target.error().what == url_fault::kind::blocked
                      ? std::string(blocked_text)
                      : "the URL is not one that is sent to: " +
                            target.error().text);
  if (fault_of_headers(request_.headers))
    return refuse("a header of the endpoint is not one that is sent");
  target_ = *std::move(target);
  return std::nullopt;
}

std::vector<ip_address> transfer::known_addresses() const {
  if (target_.address)
    return {*target_.address};
  return localhost_addresses(target_.host, rules_->guard)
      .value_or(std::vector<ip_address>());
}

steady_clock::time_point transfer::connect_deadline() const {
  return begun_at_ + std::min(rules_->limits.connect, rules_->limits.whole);
}

transfer::verdict transfer::choose(const std::vector<ip_address> &addresses,
                                   std::size_t turn) {
  const bool is_allowed =
      !addresses.empty() &&
      std::all_of(addresses.begin(), addresses.end(),
                  [&](const ip_address &each) {
                    return allows_found(target_, each, rules_->guard,
                                        rules_->allows_http);
                  });
  if (!is_allowed)
    return refuse(std::string(blocked_text));
  const auto usable = reachable(addresses);
  chosen_ = {usable[turn % usable.size()], target_.port};
  return std::nullopt;
}

transfer::verdict transfer::set_up(easy_handle handle, const secret_box &box) {
  const auto now = std::chrono::floor<std::chrono::seconds>(db::system_now())
                       .time_since_epoch()
                       .count();
  body_ = webhook_body(
      {request_.id, request_.type, request_.accepted_at, request_.payload});
  // It has been copied, and there may be many.
  std::string().swap(request_.payload);
  const auto signature = signatures(box, now);
  if (signature.empty())
    return refuse("none of the endpoint's secrets can be unsealed");
  handle_ = std::move(handle);
  if (!handle_ || !write_headers(signature, now) ||
      !append(connect_to_, connect_to()) || !set_request() || !set_callbacks())
    return fail("could not be sent: out of memory");
  return std::nullopt;
}

webhook_answer transfer::finish(CURLcode code) {
  const bool has_ended = code == CURLE_OK || (code == CURLE_WRITE_ERROR &&
                                              reader_.is_body_too_long());
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  // libcurl is content with the half of a head, and with an interim answer.
  const bool is_final = reader_.is_head_whole() && status >= 200;
  if (has_ended && is_final) {
    auto out = answer(webhook_answer::kind::answered, "");
    out.status = static_cast<int>(status);
    out.head = reader_.text();
    out.retry_after = reader_.retry_after();
    return out;
  }
  if (is_refused_)
    return refuse(std::string(blocked_text));
  if (reader_.is_head_too_long())
    return fail("the answer's headers are too long");
  if (has_ended)
    return fail("the answer ended too early");
  return fail(text_of_failure(handle_.get(), code, rules_->limits, took()));
}

webhook_answer transfer::fail(std::string error) {
  return answer(webhook_answer::kind::failed, std::move(error));
}

easy_handle transfer::take_handle() {
  if (handle_) {
    set(handle_, CURLOPT_HTTPHEADER, static_cast<curl_slist *>(nullptr));
    set(handle_, CURLOPT_CONNECT_TO, static_cast<curl_slist *>(nullptr));
    set(handle_, CURLOPT_POSTFIELDS, static_cast<const char *>(nullptr));
  }
  return std::move(handle_);
}

webhook_answer transfer::answer(webhook_answer::kind what, std::string error) {
  webhook_answer out;
  out.token = request_.token;
  out.what = what;
  out.error = std::move(error);
  out.begun_at = begun_at_;
  out.duration = std::chrono::duration_cast<std::chrono::microseconds>(
      steady_clock::now() - begun_at_);
  return out;
}

webhook_answer transfer::refuse(std::string error) {
  return answer(webhook_answer::kind::refused, std::move(error));
}

std::string transfer::signatures(const secret_box &box,
                                 std::int64_t now) const {
  std::string out;
  for (const auto &each : request_.secrets) {
    const auto secret = box.unseal(each);
    const auto key = secret ? webhook_key(*secret) : std::nullopt;
    if (!key)
      continue;
    if (!out.empty())
      out.push_back(' ');
    out.append(webhook_signature(*key, request_.id, now, body_));
  }
  return out;
}

bool transfer::write_headers(const std::string &signature, std::int64_t now) {
  bool is_written =
      append(headers_, "Content-Type: application/json") &&
      // Without waiting for a 100 before the body.
      append(headers_, "Expect:") &&
      append(headers_, "webhook-id: " + request_.id) &&
      append(headers_, "webhook-timestamp: " + std::to_string(now)) &&
      append(headers_, "webhook-signature: " + signature);
  for (const auto &each : request_.headers)
    is_written = is_written && append(headers_, each.name + ": " + each.value);
  return is_written;
}

bool transfer::set_request() {
  const auto gone = took();
  return set(handle_, CURLOPT_URL, request_.url.c_str()) &&
         set(handle_, CURLOPT_CONNECT_TO, connect_to_.get()) &&
         set(handle_, CURLOPT_HTTPHEADER, headers_.get()) &&
         set(handle_, CURLOPT_POSTFIELDSIZE_LARGE,
             static_cast<curl_off_t>(body_.size())) &&
         set(handle_, CURLOPT_POSTFIELDS, body_.data()) &&
         set(handle_, CURLOPT_TIMEOUT_MS,
             at_least_one(rules_->limits.whole - gone)) &&
         set(handle_, CURLOPT_CONNECTTIMEOUT_MS,
             at_least_one(rules_->limits.connect - gone));
}

bool transfer::set_callbacks() {
  const curl_write_callback on_body = [](char *bytes, std::size_t one,
                                         std::size_t count, void *self) {
    const bool is_taken =
        static_cast<transfer *>(self)->reader_.take_body({bytes, one * count});
    return is_taken ? one * count : 0;
  };
  const curl_write_callback on_line = [](char *bytes, std::size_t one,
                                         std::size_t count, void *self) {
    const bool is_taken =
        static_cast<transfer *>(self)->reader_.take_line({bytes, one * count});
    return is_taken ? one * count : 0;
  };
  const curl_opensocket_callback on_socket = [](void *self, curlsocktype,
                                                curl_sockaddr *address) {
    return static_cast<transfer *>(self)->open_socket(*address);
  };
  return set(handle_, CURLOPT_WRITEFUNCTION, on_body) &&
         set(handle_, CURLOPT_WRITEDATA, this) &&
         set(handle_, CURLOPT_HEADERFUNCTION, on_line) &&
         set(handle_, CURLOPT_HEADERDATA, this) &&
         set(handle_, CURLOPT_OPENSOCKETFUNCTION, on_socket) &&
         set(handle_, CURLOPT_OPENSOCKETDATA, this) &&
         set(handle_, CURLOPT_PRIVATE, this);
}

milliseconds transfer::took() const {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() -
                                                  begun_at_);
}

std::string transfer::connect_to() const {
  const auto address = to_string(chosen_.address);
  // For any host and port: there is only the one of the URL.
  return "::" + (chosen_.address.is_v6() ? '[' + address + ']' : address) +
         ':' + std::to_string(chosen_.port);
}

curl_socket_t transfer::open_socket(const curl_sockaddr &address) {
  // It is what CONNECT_TO says; should it ever not be, nothing is sent.
  if (endpoint_of(&address.addr, address.addrlen) != chosen_) {
    is_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC,
                  address.protocol);
}

} // namespace sluice::http
