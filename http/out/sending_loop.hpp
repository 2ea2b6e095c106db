#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "actors/webhook_port.hpp"
#include "http/out/curl_handles.hpp"
#include "http/out/handle_pool.hpp"
#include "http/out/name_resolver.hpp"
#include "http/out/transfer.hpp"
#include "http/out/webhook_sender.hpp"

namespace sluice::http {

/// What a sender's thread does: a set of attempts under way, and a wait for
/// whichever goes on first. All but `run` may be called from any thread.
class sending_loop {
public:
  /// Null when there is no memory, or no libcurl or c-ares.
  static std::unique_ptr<sending_loop>
  make(const webhook_sender_options &options,
       const config::delivery_settings &settings,
       actors::on_webhook_answers done);
  ~sending_loop();
  sending_loop(const sending_loop &) = delete;
  sending_loop &operator=(const sending_loop &) = delete;

  void send(std::vector<actors::webhook_request> requests);
  void apply(const config::delivery_settings &settings);
  /// Ends `run`, soon; nothing is answered any more.
  void stop();

  /// The thread's body.
  void run();

private:
  using attempt = std::unique_ptr<transfer>;

  sending_loop(const webhook_sender_options &options,
               actors::on_webhook_answers done);
  void take_settings(const config::delivery_settings &settings);
  void take_requests();
  void begin(actors::webhook_request request);
  void take_names();
  void end_late_look_ups();
  void connect(attempt which, const std::vector<ip_address> &addresses);
  void take_results();
  void answer();
  void wait();
  void end_all();

  webhook_sender_options options_;
  actors::on_webhook_answers done_;
  handle_pool pool_;
  std::unique_ptr<name_resolver> resolver_;
  multi_handle multi_;
  std::shared_ptr<const sending_rules> rules_;

  std::mutex mutex_;
  std::vector<actors::webhook_request> incoming_;
  std::shared_ptr<const config::delivery_settings> new_settings_;
  std::atomic<bool> is_stopping_ = false;

  /// Attempts that wait for their name, by the number that asks for it.
  std::map<std::uint64_t, attempt> looking_up_;
  std::unordered_map<CURL *, attempt> sending_;
  std::uint64_t last_asker_ = 0;
  std::size_t turn_ = 0;
  std::vector<actors::webhook_answer> answers_;
};

} // namespace sluice::http
