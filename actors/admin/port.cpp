#include "actors/admin/port.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>
#include <spdlog/spdlog.h>

#include "actors/admin/admin.hpp"
#include "actors/admin/certificate_folder.hpp"
#include "actors/admin/connection_watch.hpp"
#include "actors/admin/network.hpp"
#include "actors/admin/stand_back.hpp"
#include "actors/admin/tls_manners.hpp"
#include "actors/spawn.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds watch_interval{250};
constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{5'000};
constexpr std::chrono::minutes between_reports{1};
constexpr long days_of_warning = 30;

/// The certificates of the service, checked; nothing when the port can't open
/// with them, and the log says why.
std::optional<identity> good_identity(const std::filesystem::path &folder) {
  const auto give_up = [&](const std::string &why) {
    spdlog::error(
        "the admin port stays closed: {}. Mend it, or move {} away to "
        "have new certificates made, and start again",
        why, folder.string());
    return std::nullopt;
  };
  const auto made = make_certificates(folder);
  if (!made)
    return give_up(made.error());
  if (*made)
    spdlog::info("certificates for the admin port were made in {}",
                 folder.string());
  auto own = read_identity(folder, server_name);
  if (!own)
    return give_up(own.error());
  const auto facts = check(*own, admin_role::service);
  if (!facts)
    return give_up("server.crt in " + folder.string() + ": " + facts.error());
  if (facts->days_left < days_of_warning)
    spdlog::warn("the admin port's certificate is good for {} days only",
                 facts->days_left);
  return std::move(*own);
}

/// Says once a minute what was refused, however much it is.
class refusal_log {
public:
  void note(const watch_report &seen, steady_clock::time_point now) {
    silent_ += seen.ended_silent;
    surplus_ += seen.ended_surplus;
    if (now >= next_ && tell())
      next_ = now + between_reports;
  }

  /// Says what was not said yet; false when that is nothing.
  bool tell() {
    const auto refused = refused_handshakes() - refused_before_;
    if (silent_ + surplus_ + refused == 0)
      return false;
    spdlog::warn("admin port: {} connections without a good certificate "
                 "refused, {} ended that said nothing, {} that were too many",
                 refused, silent_, surplus_);
    silent_ = surplus_ = 0;
    refused_before_ += refused;
    return true;
  }

private:
  std::size_t silent_ = 0;
  std::size_t surplus_ = 0;
  std::uint64_t refused_before_ = refused_handshakes();
  steady_clock::time_point next_;
};

/// The admin actor while it is published.
class publication {
public:
  publication(caf::actor_system &system, admin_duties_ptr duties)
      : system_(system), duties_(std::move(duties)) {}
  ~publication() { withdraw(); }
  publication(const publication &) = delete;
  publication &operator=(const publication &) = delete;

  bool is_alive() const { return *is_alive_; }
  int port() const { return port_; }

  caf::error publish(const network_address &at) {
    withdraw();
    actor_ = spawn_child<caf::no_spawn_options>(&system_, admin, duties_);
    is_alive_ = std::make_shared<std::atomic<bool>>(true);
    actor_->attach_functor([flag = is_alive_] { *flag = false; });
    // The port that was free once stays the same.
    const auto wanted =
        port_ == 0 ? at.port : static_cast<std::uint16_t>(port_);
    const auto open =
        caf::openssl::publish(actor_, wanted, at.host.c_str(), true);
    if (!open) {
      end_actor();
      return open.error();
    }
    port_ = *open;
    is_published_ = true;
    return caf::none;
  }

private:
  void withdraw() {
    // Also when the actor has died: the port is taken for good otherwise.
    if (is_published_)
      system_.middleman().unpublish(actor_, static_cast<std::uint16_t>(port_));
    is_published_ = false;
    end_actor();
  }

  void end_actor() {
    if (actor_)
      caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
    actor_ = nullptr;
    *is_alive_ = false;
  }

  caf::actor_system &system_;
  admin_duties_ptr duties_;
  admin_actor actor_;
  std::shared_ptr<std::atomic<bool>> is_alive_ =
      std::make_shared<std::atomic<bool>>(false);
  int port_ = 0;
  bool is_published_ = false;
};

} // namespace

class admin_port::impl {
public:
  explicit impl(admin_port_options options)
      : options_(std::move(options)), thread_([this] { run(); }) {}

  ~impl() { stop(); }
  impl(const impl &) = delete;
  impl &operator=(const impl &) = delete;

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    wake_.notify_all();
    const std::lock_guard one_at_a_time(joining_);
    if (thread_.joinable())
      thread_.join();
  }

  int number() const { return number_; }

private:
  void run() {
    pthread_setname_np(pthread_self(), "admin-port");
    stand_back();
    try {
      if (const auto own = good_identity(options_.folder))
        serve(*own);
    } catch (const std::exception &why) {
      spdlog::error("the admin port is closed: {}", why.what());
    }
    number_ = 0;
  }

  void serve(const identity &own) {
    const identity_files files(own);
    network_config config(files);
    caf::actor_system system(config);
    publication door(system, std::make_shared<const admin_duties>(
                                 admin_duties{.version = options_.version,
                                              .node = options_.node,
                                              .orders = options_.orders,
                                              .deadline = options_.deadline}));
    connection_watch watch;
    refusal_log refusals;
    auto pause = first_pause;
    auto opened = steady_clock::now();
    for (bool was_told = false; !is_stopping();) {
      const auto now = steady_clock::now();
      if (door.is_alive()) {
        refusals.note(watch.look(door.port(), now), now);
        if (now - opened > longest_pause)
          pause = first_pause;
        wait(watch_interval);
        continue;
      }
      if (number_ != 0)
        spdlog::warn("the admin actor was ended, and is started again");
      number_ = 0;
      if (open(door, was_told)) {
        opened = now;
        was_told = false;
      } else {
        was_told = true;
      }
      wait(pause);
      pause = std::min(2 * pause, longest_pause);
    }
    refusals.tell();
  }

  bool open(publication &door, bool was_told) {
    const auto failed = door.publish(to_network_address(options_.listen));
    if (!failed) {
      number_ = door.port();
      spdlog::info("admin port {} is open for sluice ctl, certificates in {}",
                   door.port(), options_.folder.string());
      return true;
    }
    if (!was_told)
      spdlog::error("the admin port can't listen on {} yet, and goes on "
                    "trying: is the address this machine's, and free?",
                    options_.listen);
    return false;
  }

  bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return is_stopping_;
  }

  void wait(milliseconds limit) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, limit, [this] { return is_stopping_; });
  }

  const admin_port_options options_;
  std::atomic<int> number_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::mutex joining_;
  /// Last: it uses all of the above.
  std::thread thread_;
};

admin_port::admin_port(admin_port_options options)
    : impl_(std::make_unique<impl>(std::move(options))) {}

admin_port::~admin_port() = default;

void admin_port::stop() {
  impl_->stop();
}

int admin_port::number() const {
  return impl_->number();
}

} // namespace sluice::actors
