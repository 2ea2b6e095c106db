#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Who may make an organization without the admin token.
enum class open_signup : std::uint8_t {
  /// Nobody; with a loopback listener: as `free`, until a value is set.
  automatic,
  off,
  /// Organizations of the free tier.
  free,
  /// Organizations of any tier.
  any,
};

/// Where the service listens for HTTP, and how much it takes.
struct http_settings {
  /// `host:port`; port 0 takes a free one.
  std::string listen = "127.0.0.1:4000";
  int max_connections = 1024;
  /// Bytes of one event's payload.
  std::size_t max_payload = 256 * 1024;
  /// From the first byte of a request to its last.
  milliseconds request_timeout{10'000};
  /// Between two requests of a kept-alive connection.
  milliseconds idle_timeout{75'000};
};

/// The door for operators' commands.
struct admin_settings {
  /// `host:port`, or `off`.
  std::string listen = "127.0.0.1:4001";
  /// Where its certificates are. Empty: see `admin_folder`.
  std::string folder;
};

struct store_settings {
  std::string url = "sqlite:data/sluice.db";
  milliseconds connect_timeout{3'000};
  milliseconds call_timeout{5'000};
  /// Sessions that answer reads of HTTP requests.
  int readers = 2;
};

struct ingest_settings {
  /// Events of one commit at the most.
  int max_batch = 1000;
  long max_queue_depth = 100'000;
  /// Percent of it that one organization alone may fill.
  int organization_share = 80;
};

struct processor_settings {
  int max_concurrency = 4;
  /// Items of one claim at the most.
  int batch_size = 500;
  milliseconds min_poll_interval{100};
  milliseconds max_poll_interval{2'000};
  milliseconds idle_poll_interval{30'000};
  milliseconds stuck_item_timeout{300'000};
  int max_attempts = 5;
  /// Percent of `ingest.max_queue_depth` that a burst fills before moving is as
  /// urgent as accepting; 0: it always is.
  int yield_share = 70;
  /// First wait before a failed item is tried again; doubles each time.
  milliseconds retry_backoff{1'000};
};

struct health_settings {
  long warning_depth = 100;
  long critical_depth = 1000;
  milliseconds sample_interval{1'000};
};

struct ledger_settings {
  /// Between two checks of the books.
  milliseconds verify_interval{300'000};
  /// Entries of the ledger that are older than this are folded.
  milliseconds compact_after{3'600'000};
};

/// How long is kept what nothing waits for any more; 0: for ever.
struct retention_settings {
  milliseconds events{2'592'000'000};
  milliseconds deliveries{2'592'000'000};
};

struct dedup_settings {
  seconds window{24 * 60 * 60};
};

/// How events are sent to webhooks.
struct delivery_settings {
  /// Requests in flight, of this node.
  int max_in_flight = 256;
  /// From the beginning of an attempt to the end of the answer, and to the
  /// connection.
  milliseconds timeout{30'000};
  milliseconds connect_timeout{5'000};
  /// The waits after the first, second, ... failure; one more is the last.
  std::vector<milliseconds> retry_schedule{
      milliseconds(5'000),      milliseconds(300'000),
      milliseconds(1'800'000),  milliseconds(7'200'000),
      milliseconds(18'000'000), milliseconds(36'000'000),
      milliseconds(36'000'000)};
  /// An endpoint that nothing has reached for this long is parked.
  milliseconds park_after{432'000'000};
  /// Between two looks for deliveries that are due.
  milliseconds poll_interval{200};
  /// Networks that may be sent to although they are not public, and in plain
  /// HTTP: `127.0.0.0/8`, `fd00::/8`.
  std::vector<std::string> allow_networks;
  /// Whether any public address may be sent to in plain HTTP.
  bool allow_http = false;
  /// Of one organization.
  int max_endpoints = 100;
  /// What the secrets of endpoints are sealed with. Empty: see
  /// `secrets_file`.
  std::string key_file;
};

struct auth_settings {
  open_signup signup = open_signup::automatic;
  /// Empty: no admin token, nothing that wants one can be had.
  std::string admin_token;
  /// How long a key that was found is trusted without asking again.
  milliseconds cache_ttl{1'000};
  int cache_size = 10'000;
  int free_rate_limit = 100;
  int pro_rate_limit = 1'000;
  int business_rate_limit = 10'000;
  int enterprise_rate_limit = 100'000;
};

struct node_settings {
  /// The same in every life of this node. Empty: host name and HTTP port.
  std::string name;
  milliseconds heartbeat_interval{2'000};
  /// A node that has been silent this long is taken for dead.
  milliseconds dead_after{10'000};
};

struct supervisor_settings {
  /// A part that has served no message for this long is replaced.
  milliseconds stuck_after{60'000};
};

struct log_settings {
  /// `debug`, `info`, `warning` or `error`.
  std::string level = "info";
  /// `text` or `json`.
  std::string format = "text";
};

struct shutdown_settings {
  milliseconds grace{25'000};
};

/// All settings, each with its default. `config/describe.hpp` says the rest
/// about each: its key, unit, range and meaning.
struct settings {
  http_settings http;
  admin_settings admin;
  store_settings store;
  ingest_settings ingest;
  processor_settings processor;
  health_settings health;
  ledger_settings ledger;
  retention_settings retention;
  dedup_settings dedup;
  delivery_settings delivery;
  auth_settings auth;
  node_settings node;
  supervisor_settings supervisor;
  log_settings log;
  shutdown_settings shutdown;
};

/// Where the certificates of the admin port are: the folder that the settings
/// name, else `admin` beside the SQLite file, or `data/admin` without one.
std::string admin_folder(const settings &from);

/// The file with the keys for secrets of endpoints: the one that the settings
/// name, else `secrets.key` beside the SQLite file, or `data/secrets.key`
/// without one.
std::string secrets_file(const settings &from);

} // namespace sluice::config
