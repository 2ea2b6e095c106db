#include "actors/admin/console_line.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <caf/all.hpp>
#include <caf/openssl/all.hpp>

#include "actors/admin/admin.hpp"
#include "actors/admin/network.hpp"
#include "actors/admin/tls_probe.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;
using enum line_failure::kind;

constexpr milliseconds least_heartbeat{250};
/// Two fit into the time after which the other end hangs up.
constexpr milliseconds most_heartbeat{4'000};

tl::unexpected<line_failure> fail(line_failure::kind what, std::string text) {
  return tl::unexpected(line_failure{what, std::move(text)});
}

std::string other_version_text(const std::string &own,
                               const std::string &theirs) {
  return "this ctl is " + own + ", the service is " + theirs +
         ": use the ctl of the service's version";
}

std::optional<line_failure> try_the_door(const line_options &options) {
  const auto to = to_network_address(options.address);
  auto seen =
      probe_admin_port(to.host, to.port, options.own, options.connect_limit);
  switch (seen.what) {
  case probe_result::verdict::welcome:
    return std::nullopt;
  case probe_result::verdict::unreachable:
    return line_failure{unreachable, options.address + ": " + seen.text};
  case probe_result::verdict::unauthorised:
    break;
  }
  return line_failure{unauthorised, options.address + ": " + seen.text};
}

/// Notices that the other end is gone: to the network a request to it is one
/// that has no answer yet. Thread-safe.
class loss_watch {
public:
  /// From now on `who` gets an error for an answer if the other end goes; false
  /// when it has gone already.
  bool await(const caf::strong_actor_ptr &who, caf::message_id answer) {
    std::lock_guard lock(mutex_);
    waiting_ = who;
    answer_ = answer;
    return !is_lost_;
  }
  void forget() {
    std::lock_guard lock(mutex_);
    waiting_ = nullptr;
  }
  void lose() {
    std::lock_guard lock(mutex_);
    is_lost_ = true;
    if (waiting_)
      waiting_->enqueue(
          nullptr, answer_,
          caf::make_message(make_error(caf::sec::request_receiver_down)),
          nullptr);
    waiting_ = nullptr;
  }

private:
  std::mutex mutex_;
  bool is_lost_ = false;
  caf::strong_actor_ptr waiting_;
  caf::message_id answer_;
};

} // namespace

class console_line::impl {
public:
  /// `limit`: of being connected, as far as heartbeats allow, and of the first
  /// answer after that.
  impl(const line_options &options, milliseconds limit)
      : files_(options.own),
        config_(files_, std::clamp(limit, least_heartbeat, most_heartbeat)),
        system_(config_), version_(options.version), limit_(limit) {}

  line_result<void> connect(const line_options &options) {
    const auto to = to_network_address(options.address);
    auto found =
        caf::openssl::remote_actor<admin_actor>(system_, to.host, to.port);
    if (found) {
      admin_ = std::move(*found);
      caf::actor_cast<caf::abstract_actor *>(admin_)->attach_functor(
          [watch = loss_] { watch->lose(); });
      return compare_versions();
    }
    if (found.error() == caf::sec::unexpected_actor_messaging_interface)
      return fail(other_version,
                  other_version_text(version_, "of another protocol"));
    return fail(unreachable,
                options.address + ": " + system_.render(found.error()));
  }

  line_result<admin_answer> send(const admin_order &order, milliseconds limit) {
    line_result<admin_answer> out = fail(timed_out, {});
    caf::scoped_actor self(system_);
    auto answer = self->request(admin_, limit, order_atom::value,
                                admin_protocol, version_, order.operator_name,
                                order.method, order.path, order.body);
    if (!loss_->await(caf::actor_cast<caf::strong_actor_ptr>(self),
                      answer.id()))
      return fail(unreachable, "the service is gone: its connection is lost");
    answer.receive(
        [&](std::uint32_t status, std::string &body) {
          out = admin_answer{static_cast<int>(status), std::move(body)};
        },
        [&](const caf::error &why) { out = judge(why); });
    loss_->forget();
    return out;
  }

  const std::string &node() const { return node_; }

private:
  line_result<void> compare_versions() {
    line_result<void> out;
    caf::scoped_actor self(system_);
    self->request(admin_, limit_, hello_atom::value, admin_protocol, version_)
        .receive(
            [&](std::uint32_t protocol, const std::string &version,
                std::string &node) {
              node_ = std::move(node);
              if (protocol != admin_protocol || version != version_)
                out =
                    fail(other_version, other_version_text(version_, version));
            },
            [&](const caf::error &why) { out = judge(why); });
    return out;
  }

  tl::unexpected<line_failure> judge(const caf::error &why) const {
    if (why == caf::sec::request_timeout)
      return fail(timed_out, "the service did not answer in time");
    return fail(unreachable, "the service is gone: " + system_.render(why));
  }

  identity_files files_;
  network_config config_;
  caf::actor_system system_;
  std::string version_;
  milliseconds limit_;
  std::string node_;
  std::shared_ptr<loss_watch> loss_ = std::make_shared<loss_watch>();
  admin_actor admin_;
};

line_result<std::unique_ptr<console_line::impl>>
console_line::connect_twice(const line_options &options) {
  // While strangers are being refused, the network loses a connection now and
  // then. It takes one from an actor system, so that is made anew, too.
  constexpr int share_of_first = 4;
  auto made =
      std::make_unique<impl>(options, options.connect_limit / share_of_first);
  auto met = made->connect(options);
  if (!met && met.error().what != other_version) {
    made = std::make_unique<impl>(options, options.connect_limit);
    met = made->connect(options);
  }
  if (!met)
    return tl::unexpected(std::move(met.error()));
  return made;
}

console_line::console_line(std::unique_ptr<impl> connected)
    : impl_(std::move(connected)) {}

console_line::~console_line() = default;

line_result<std::unique_ptr<console_line>>
console_line::open(const line_options &options) {
  using connected = line_result<std::unique_ptr<impl>>;
  auto promise = std::make_shared<std::promise<connected>>();
  auto reply = promise->get_future();
  std::thread([promise, options] {
    try {
      if (auto refused = try_the_door(options))
        return promise->set_value(tl::unexpected(std::move(*refused)));
      promise->set_value(connect_twice(options));
    } catch (const std::exception &why) {
      promise->set_value(fail(unreachable, why.what()));
    }
  }).detach();
  // For the door; for the line and for the first words, of both tries.
  const auto limit = 4 * options.connect_limit;
  if (reply.wait_for(limit) != std::future_status::ready)
    return fail(timed_out, options.address + ": no connection in time");
  auto made = reply.get();
  if (!made)
    return tl::unexpected(std::move(made.error()));
  return std::unique_ptr<console_line>(new console_line(std::move(*made)));
}

const std::string &console_line::node() const {
  return impl_->node();
}

line_result<admin_answer> console_line::send(const admin_order &order,
                                             milliseconds limit) {
  return impl_->send(order, limit);
}

} // namespace sluice::actors
