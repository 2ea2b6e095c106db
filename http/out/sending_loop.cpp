#include "http/out/sending_loop.hpp"

#include <algorithm>
#include <utility>

#include <pthread.h>
#include <signal.h>

#include "sluice_version.hpp"

namespace sluice::http {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds longest_wait{60'000};
constexpr std::size_t fewest_connections = 16;
/// Requests that begin before those under way get their turn again.
constexpr std::size_t most_begun_at_once = 64;

std::string user_agent_of(const webhook_sender_options &options) {
  return options.user_agent.empty() ? std::string("Sluice/") + version
                                    : options.user_agent;
}

std::vector<ip_network> usable_networks(const std::vector<std::string> &texts) {
  std::vector<ip_network> out;
  for (const auto &text : texts)
    if (const auto network = parse_network(text))
      out.push_back(*network);
  return out;
}

/// To write to a connection that is gone is an error to be told, and no signal
/// that ends the process; OpenSSL knows no other way to say so.
void block_broken_pipes() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

} // namespace

std::unique_ptr<sending_loop>
sending_loop::make(const webhook_sender_options &options,
                   const config::delivery_settings &settings,
                   actors::on_webhook_answers done) {
  if (!has_curl() || !options.box)
    return nullptr;
  std::unique_ptr<sending_loop> out(new sending_loop(options, std::move(done)));
  out->multi_.reset(curl_multi_init());
  out->resolver_ = name_resolver::open(options.name_servers);
  if (!out->multi_ || !out->resolver_)
    return nullptr;
  out->take_settings(settings);
  return out;
}

sending_loop::sending_loop(const webhook_sender_options &options,
                           actors::on_webhook_answers done)
    : options_(options), done_(std::move(done)),
      pool_(user_agent_of(options), options.ca_file) {}

sending_loop::~sending_loop() {
  end_all();
}

void sending_loop::send(std::vector<actors::webhook_request> requests) {
  {
    const std::lock_guard lock(mutex_);
    incoming_.insert(incoming_.end(), std::make_move_iterator(requests.begin()),
                     std::make_move_iterator(requests.end()));
  }
  curl_multi_wakeup(multi_.get());
}

void sending_loop::apply(const config::delivery_settings &settings) {
  auto fresh = std::make_shared<const config::delivery_settings>(settings);
  {
    const std::lock_guard lock(mutex_);
    new_settings_ = std::move(fresh);
  }
  curl_multi_wakeup(multi_.get());
}

void sending_loop::stop() {
  // The thread takes it, too, before the handle that is woken goes.
  const std::lock_guard lock(mutex_);
  is_stopping_ = true;
  curl_multi_wakeup(multi_.get());
}

void sending_loop::run() {
  block_broken_pipes();
  while (!is_stopping_) {
    take_requests();
    take_names();
    end_late_look_ups();
    int count = 0;
    curl_multi_perform(multi_.get(), &count);
    take_results();
    answer();
    if (!is_stopping_)
      wait();
  }
  // Here, because connections that are closed say goodbye.
  const std::lock_guard lock(mutex_);
  end_all();
}

void sending_loop::end_all() {
  for (const auto &[handle, which] : sending_)
    curl_multi_remove_handle(multi_.get(), handle);
  sending_.clear();
  multi_.reset();
}

void sending_loop::take_settings(const config::delivery_settings &settings) {
  auto rules = std::make_shared<sending_rules>();
  rules->guard = address_guard(usable_networks(settings.allow_networks),
                               options_.forbidden);
  rules->allows_http = settings.allow_http;
  rules->limits = {settings.timeout, settings.connect_timeout};
  rules_ = std::move(rules);
  // Each in flight has one connection at the most; as many stay for the next.
  const auto most =
      std::max(static_cast<std::size_t>(std::max(settings.max_in_flight, 0)),
               fewest_connections);
  pool_.resize(most);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS,
                    static_cast<long>(most));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS,
                    static_cast<long>(most + fewest_connections));
}

void sending_loop::take_requests() {
  std::vector<actors::webhook_request> requests;
  std::shared_ptr<const config::delivery_settings> settings;
  {
    const std::lock_guard lock(mutex_);
    settings = std::exchange(new_settings_, nullptr);
    requests = std::exchange(incoming_, {});
  }
  if (settings)
    take_settings(*settings);
  std::size_t begun = 0;
  for (auto &each : requests) {
    if (is_stopping_)
      return;
    begin(std::move(each));
    if (++begun % most_begun_at_once == 0) {
      int count = 0;
      curl_multi_perform(multi_.get(), &count);
    }
  }
}

void sending_loop::begin(actors::webhook_request request) {
  auto which = std::make_unique<transfer>(std::move(request), rules_);
  if (auto refusal = which->check()) {
    answers_.push_back(*std::move(refusal));
    return;
  }
  const auto known = which->known_addresses();
  if (!known.empty()) {
    connect(std::move(which), known);
    return;
  }
  const auto asker = ++last_asker_;
  const auto name = which->target().host;
  looking_up_.emplace(asker, std::move(which));
  resolver_->look_up(name, asker);
}

void sending_loop::take_names() {
  for (const auto &name : resolver_->take_answers()) {
    auto found = looking_up_.extract(name.asker);
    // Its time was over before.
    if (found.empty())
      continue;
    if (name.addresses.empty())
      answers_.push_back(found.mapped()->fail(name.error));
    else
      connect(std::move(found.mapped()), name.addresses);
  }
}

void sending_loop::end_late_look_ups() {
  const auto now = steady_clock::now();
  std::erase_if(looking_up_, [&](const auto &each) {
    const bool is_late = each.second->connect_deadline() <= now;
    if (is_late)
      answers_.push_back(
          each.second->fail("could not look up the host's name in time"));
    return is_late;
  });
}

void sending_loop::connect(attempt which,
                           const std::vector<ip_address> &addresses) {
  auto end = which->choose(addresses, turn_++);
  if (!end)
    end = which->set_up(pool_.take(), *options_.box);
  auto *const handle = which->handle();
  if (!end && curl_multi_add_handle(multi_.get(), handle) != CURLM_OK)
    end = which->fail("could not be sent: out of memory");
  if (end)
    answers_.push_back(*std::move(end));
  else
    sending_.emplace(handle, std::move(which));
}

void sending_loop::take_results() {
  int left = 0;
  while (const auto *message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE)
      continue;
    const auto code = message->data.result;
    auto found = sending_.extract(message->easy_handle);
    if (found.empty())
      continue;
    auto &which = *found.mapped();
    answers_.push_back(which.finish(code));
    curl_multi_remove_handle(multi_.get(), which.handle());
    pool_.give(which.take_handle());
  }
}

void sending_loop::answer() {
  if (!answers_.empty() && !is_stopping_)
    done_(std::exchange(answers_, {}));
}

void sending_loop::wait() {
  auto longest = longest_wait;
  const auto now = steady_clock::now();
  for (const auto &[asker, which] : looking_up_)
    longest = std::min(longest, std::chrono::ceil<milliseconds>(
                                    which->connect_deadline() - now));
  longest = resolver_->patience(std::max(longest, milliseconds(0)));
  std::vector<curl_waitfd> sockets;
  resolver_->add_sockets(sockets);
  curl_multi_poll(multi_.get(), sockets.data(),
                  static_cast<unsigned>(sockets.size()),
                  static_cast<int>(longest.count()), nullptr);
  resolver_->step(sockets);
}

} // namespace sluice::http
