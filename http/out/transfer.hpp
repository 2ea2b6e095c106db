#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/webhook_port.hpp"
#include "http/out/address_guard.hpp"
#include "http/out/answer_reader.hpp"
#include "http/out/curl_handles.hpp"
#include "http/out/secret_box.hpp"
#include "http/out/webhook_url.hpp"

namespace sluice::http {

/// What attempts go by; those under way keep what they began with.
struct sending_rules {
  address_guard guard;
  bool allows_http = false;
  attempt_limits limits;
};

/// One attempt: `check`, then `choose` among the addresses of its target, then
/// `set_up`, then libcurl, then `finish`. Each of the first three may end it
/// with an answer. Stays where it is, because libcurl calls it.
class transfer {
public:
  using verdict = std::optional<actors::webhook_answer>;

  /// Begins now.
  transfer(actors::webhook_request request,
           std::shared_ptr<const sending_rules> rules);
  transfer(const transfer &) = delete;
  transfer &operator=(const transfer &) = delete;

  /// Judges URL and headers.
  verdict check();

  /// After `check`.
  const webhook_target &target() const { return target_; }
  /// What needs no look-up: its address, or `localhost`'s.
  std::vector<ip_address> known_addresses() const;
  std::chrono::steady_clock::time_point connect_deadline() const;

  /// Takes one of the addresses, another with each `turn`; not one that this
  /// machine has no way to, if there are others. Refuses when one of them is
  /// not allowed.
  verdict choose(const std::vector<ip_address> &addresses, std::size_t turn);

  /// Signs the request and hands it to `handle`, which connects to the chosen
  /// address and to no other.
  verdict set_up(easy_handle handle, const secret_box &box);
  CURL *handle() const { return handle_.get(); }

  /// What came of it.
  actors::webhook_answer finish(CURLcode code);
  /// Ends it from outside.
  actors::webhook_answer fail(std::string error);

  /// The handle, with nothing of this transfer left.
  easy_handle take_handle();

private:
  actors::webhook_answer answer(actors::webhook_answer::kind what,
                                std::string error);
  actors::webhook_answer refuse(std::string error);
  /// The header's value; empty when no secret can be unsealed.
  std::string signatures(const secret_box &box, std::int64_t now) const;
  bool write_headers(const std::string &signature, std::int64_t now);
  bool set_request();
  bool set_callbacks();
  std::chrono::milliseconds took() const;
  std::string connect_to() const;
  curl_socket_t open_socket(const curl_sockaddr &address);

  actors::webhook_request request_;
  std::shared_ptr<const sending_rules> rules_;
  std::chrono::steady_clock::time_point begun_at_;
  webhook_target target_;
  ip_endpoint chosen_;
  std::string body_;
  /// What libcurl reads for as long as it has the handle.
  curl_list headers_;
  curl_list connect_to_;
  easy_handle handle_;
  answer_reader reader_;
  bool is_refused_ = false;
};

} // namespace sluice::http
