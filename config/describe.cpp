#include "config/describe.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <type_traits>
#include <utility>

#include "config/text_checks.hpp"
#include "config/units.hpp"

namespace sluice::config {

namespace {

using enum value_type;
using enum change;
using namespace std::chrono_literals;

constexpr std::int64_t second = milliseconds(1s).count();
constexpr std::int64_t minute = milliseconds(1min).count();
constexpr std::int64_t hour = milliseconds(1h).count();
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;

constexpr std::array<std::pair<open_signup, std::string_view>, 4> signups = {{
    {open_signup::automatic, ""},
    {open_signup::off, "off"},
    {open_signup::free, "free"},
    {open_signup::any, "any"},
}};

std::string to_text(const std::vector<milliseconds> &waits) {
  std::string out;
  for (auto wait : waits)
    out += (out.empty() ? "" : " ") + format_duration(wait.count());
  return out;
}

std::vector<milliseconds> to_waits(const std::string &checked) {
  std::vector<milliseconds> out;
  for (const auto &word : words_of(checked))
    out.emplace_back(parse_duration(word).value_or(0));
  return out;
}

std::string to_text(const std::vector<std::string> &networks) {
  std::string out;
  for (const auto &network : networks)
    out += (out.empty() ? "" : " ") + network;
  return out.empty() ? std::string(no_networks) : out;
}

std::vector<std::string> to_networks(const std::string &checked) {
  return checked == no_networks ? std::vector<std::string>()
                                : words_of(checked);
}

template <class Field>
value to_value(const Field &field) {
  if constexpr (std::is_same_v<Field, std::string>) {
    return field;
  } else if constexpr (std::is_same_v<Field, bool>) {
    return std::string(field ? on_word : off_word);
  } else if constexpr (std::is_same_v<Field, std::vector<milliseconds>> ||
                       std::is_same_v<Field, std::vector<std::string>>) {
    return to_text(field);
  } else if constexpr (std::is_same_v<Field, open_signup>) {
    const auto *found = std::ranges::find(
        signups, field, [](auto &pair) { return pair.first; });
    return std::string(found->second);
  } else if constexpr (std::is_arithmetic_v<Field>) {
    return static_cast<std::int64_t>(field);
  } else {
    return static_cast<std::int64_t>(milliseconds(field).count());
  }
}

template <class Field>
void from_value(const value &checked, Field &field) {
  if constexpr (std::is_same_v<Field, std::string>) {
    field = std::get<std::string>(checked);
  } else if constexpr (std::is_same_v<Field, bool>) {
    field = std::get<std::string>(checked) == on_word;
  } else if constexpr (std::is_same_v<Field, std::vector<milliseconds>>) {
    field = to_waits(std::get<std::string>(checked));
  } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
    field = to_networks(std::get<std::string>(checked));
  } else if constexpr (std::is_same_v<Field, open_signup>) {
    const auto *found =
        std::ranges::find(signups, std::get<std::string>(checked),
                          [](auto &pair) { return pair.second; });
    field = found->first;
  } else if constexpr (std::is_arithmetic_v<Field>) {
    field = static_cast<Field>(std::get<std::int64_t>(checked));
  } else {
    field = std::chrono::duration_cast<Field>(
        milliseconds(std::get<std::int64_t>(checked)));
  }
}

/// The row, tied to its field.
template <auto Section, auto Field>
constexpr description with(description row) {
  row.get = [](const settings &from) { return to_value(from.*Section.*Field); };
  row.set = [](settings &into, const value &checked) {
    from_value(checked, into.*Section.*Field);
  };
  return row;
}

constexpr std::array<std::string_view, 3> signup_choices = {"off", "free",
                                                            "any"};
constexpr std::array<std::string_view, 4> level_choices = {"debug", "info",
                                                           "warning", "error"};
constexpr std::array<std::string_view, 2> format_choices = {"text", "json"};

constexpr std::array<std::string_view, 2> switch_choices = {on_word, off_word};

using s = settings;

// clang-format off
constexpr std::array table = {
  with<&s::http, &http_settings::listen>({
    .key = "http.listen", .type = address,
    .help = "Where the service listens for HTTP. Port 0 takes a free one."}),
  with<&s::http, &http_settings::max_connections>({
    .key = "http.max_connections", .least = 1, .greatest = 65'536,
    .help = "Connections served at once; the next one gets a 503."}),
  with<&s::http, &http_settings::max_payload>({
    .key = "http.max_payload", .type = size, .least = kib, .greatest = 16 * mib,
    .help = "The largest payload of one event."}),
  with<&s::http, &http_settings::request_timeout>({
    .key = "http.request_timeout", .type = duration, .least = 100, .greatest = 10 * minute,
    .help = "From the first byte of a request to its last."}),
  with<&s::http, &http_settings::idle_timeout>({
    .key = "http.idle_timeout", .type = duration, .least = 100, .greatest = hour,
    .help = "How long a kept-alive connection may wait for its next request."}),

  with<&s::admin, &admin_settings::listen>({
    .key = "admin.listen", .type = address, .may_be_off = true,
    .help = "Where the service listens for `sluice ctl`: mutual TLS, with the certificates in `admin.folder`. `off`: nowhere."}),
  with<&s::admin, &admin_settings::folder>({
    .key = "admin.folder", .type = path,
    .help = "The certificates of the admin port; the first start makes them. Keep it: who can read it can give orders.",
    .when_unset = "`admin` beside the SQLite file, else `data/admin`"}),

  with<&s::store, &store_settings::url>({
    .key = "store.url", .type = store_url,
    .help = "The database: `sqlite:PATH` or `postgresql://...`. Its password is never shown."}),
  with<&s::store, &store_settings::connect_timeout>({
    .key = "store.connect_timeout", .type = duration, .least = 100, .greatest = minute,
    .help = "How long a connection to the database may take to come about."}),
  with<&s::store, &store_settings::call_timeout>({
    .key = "store.call_timeout", .type = duration, .least = 100, .greatest = 5 * minute,
    .help = "How long one call of the database may take, even when the server is frozen."}),
  with<&s::store, &store_settings::readers>({
    .key = "store.readers", .least = 1, .greatest = 64,
    .help = "Sessions that answer what HTTP requests read."}),

  with<&s::ingest, &ingest_settings::max_batch>({
    .key = "ingest.max_batch", .least = 1, .greatest = 10'000, .takes_effect = hot,
    .help = "The most events that one commit accepts."}),
  with<&s::ingest, &ingest_settings::max_queue_depth>({
    .key = "ingest.max_queue_depth", .least = 1, .greatest = 1'000'000'000, .takes_effect = hot,
    .help = "Events are refused with 503 while so many wait in the queue."}),
  with<&s::ingest, &ingest_settings::organization_share>({
    .key = "ingest.organization_share", .least = 1, .greatest = 100, .takes_effect = hot,
    .help = "The percentage of `ingest.max_queue_depth` that one organization alone may fill. Several may fill less each, so that there is always room for another one. 100: no limit."}),

  with<&s::processor, &processor_settings::max_concurrency>({
    .key = "processor.max_concurrency", .least = 1, .greatest = 256, .takes_effect = hot,
    .help = "Workers that move items from the queue to the log. In a burst the poller moves most of them by itself, unless that takes long."}),
  with<&s::processor, &processor_settings::batch_size>({
    .key = "processor.batch_size", .least = 1, .greatest = 10'000, .takes_effect = hot,
    .help = "The most items of one claim, or of one move without a claim."}),
  with<&s::processor, &processor_settings::min_poll_interval>({
    .key = "processor.min_poll_interval", .type = duration, .least = 1, .greatest = hour, .takes_effect = hot,
    .help = "Between two looks at a queue that has items."}),
  with<&s::processor, &processor_settings::max_poll_interval>({
    .key = "processor.max_poll_interval", .type = duration, .least = 1, .greatest = hour, .takes_effect = hot,
    .help = "Up to this the interval grows while the queue is empty."}),
  with<&s::processor, &processor_settings::idle_poll_interval>({
    .key = "processor.idle_poll_interval", .type = duration, .least = 1, .greatest = hour, .takes_effect = hot,
    .help = "Between two looks once the queue has been empty for long. A new event ends the wait."}),
  with<&s::processor, &processor_settings::stuck_item_timeout>({
    .key = "processor.stuck_item_timeout", .type = duration, .least = 2 * second, .greatest = 7 * day, .takes_effect = hot,
    .help = "A claim that is older counts as stuck, and its items go back to the queue."}),
  with<&s::processor, &processor_settings::max_attempts>({
    .key = "processor.max_attempts", .least = 1, .greatest = 100, .takes_effect = hot,
    .help = "An item that failed so often goes to quarantine."}),
  with<&s::processor, &processor_settings::yield_share>({
    .key = "processor.yield_share", .least = 0, .greatest = 100, .takes_effect = hot,
    .help = "In a burst, accepting goes before moving until this percentage of `ingest.max_queue_depth` waits in the queue, or one item for five seconds. 0: never."}),
  with<&s::processor, &processor_settings::retry_backoff>({
    .key = "processor.retry_backoff", .type = duration, .least = 1, .greatest = hour, .takes_effect = hot,
    .help = "First wait before a failed item is tried again; doubles each time."}),

  with<&s::health, &health_settings::warning_depth>({
    .key = "health.warning_depth", .least = 0, .greatest = 1'000'000'000, .takes_effect = hot,
    .help = "With more waiting items the queue's level is `warning`."}),
  with<&s::health, &health_settings::critical_depth>({
    .key = "health.critical_depth", .least = 1, .greatest = 1'000'000'000, .takes_effect = hot,
    .help = "With more waiting items the queue's level is `critical`."}),
  with<&s::health, &health_settings::sample_interval>({
    .key = "health.sample_interval", .type = duration, .least = 100, .greatest = minute, .takes_effect = hot,
    .help = "Between two measurements of the queue."}),

  with<&s::ledger, &ledger_settings::verify_interval>({
    .key = "ledger.verify_interval", .type = duration, .least = 100, .greatest = 7 * day, .takes_effect = hot,
    .help = "Between two checks that every accepted event is where the books have it."}),
  with<&s::ledger, &ledger_settings::compact_after>({
    .key = "ledger.compact_after", .type = duration, .least = second, .greatest = 365 * day, .takes_effect = hot,
    .help = "Entries of the ledger that are older than this are folded into few. Nothing is lost by it but when exactly, and by which node, an event was booked."}),

  with<&s::retention, &retention_settings::events>({
    .key = "retention.events", .type = duration, .least = 0, .greatest = 3650 * day, .takes_effect = hot,
    .help = "How long an event is kept once it is stored; then it is removed with its deliveries and attempts, unless one of them waits. In the inbox it waits until it is acknowledged, or has arrived at a webhook. 0s: for ever."}),
  with<&s::retention, &retention_settings::deliveries>({
    .key = "retention.deliveries", .type = duration, .least = 0, .greatest = 3650 * day, .takes_effect = hot,
    .help = "How long a delivery to a webhook is kept once it was delivered, skipped or given up, with its attempts, although its event stays. What was removed can't be replayed. 0s: as long as its event."}),

  with<&s::dedup, &dedup_settings::window>({
    .key = "dedup.window", .type = duration, .least = second, .greatest = 365 * day, .step = second, .takes_effect = hot,
    .help = "How long a `dedup_id` is remembered."}),

  with<&s::delivery, &delivery_settings::max_in_flight>({
    .key = "delivery.max_in_flight", .least = 1, .greatest = 10'000, .takes_effect = hot,
    .help = "Requests to webhooks that this node has in flight at once; a quarter of them is for when endpoints hang."}),
  with<&s::delivery, &delivery_settings::timeout>({
    .key = "delivery.timeout", .type = duration, .least = 100, .greatest = 10 * minute, .takes_effect = hot,
    .help = "From the beginning of an attempt to the end of the endpoint's answer."}),
  with<&s::delivery, &delivery_settings::connect_timeout>({
    .key = "delivery.connect_timeout", .type = duration, .least = 100, .greatest = minute, .takes_effect = hot,
    .help = "How long it may take to look up an endpoint's name and to connect to it."}),
  with<&s::delivery, &delivery_settings::retry_schedule>({
    .key = "delivery.retry_schedule", .type = durations, .takes_effect = hot,
    .help = "The waits after the first, the second, ... failure of a delivery, each up to a fifth longer or shorter. The failure after the last one makes it a dead letter."}),
  with<&s::delivery, &delivery_settings::park_after>({
    .key = "delivery.park_after", .type = duration, .least = minute, .greatest = 365 * day, .takes_effect = hot,
    .help = "An endpoint that nothing has reached for this long is parked: its deliveries are kept, and wait."}),
  with<&s::delivery, &delivery_settings::poll_interval>({
    .key = "delivery.poll_interval", .type = duration, .least = 1, .greatest = minute, .takes_effect = hot,
    .help = "Between two looks for deliveries that are due."}),
  with<&s::delivery, &delivery_settings::allow_networks>({
    .key = "delivery.allow_networks", .type = networks, .takes_effect = hot,
    .help = "Networks that webhooks may be sent to although they are not public, and in plain HTTP: for development, and for receivers in one's own house."}),
  with<&s::delivery, &delivery_settings::allow_http>({
    .key = "delivery.allow_http", .type = choice, .choices = switch_choices, .takes_effect = hot,
    .help = "Whether webhooks may be sent to public addresses in plain HTTP."}),
  with<&s::delivery, &delivery_settings::max_endpoints>({
    .key = "delivery.max_endpoints", .least = 1, .greatest = 10'000, .takes_effect = hot,
    .help = "The most endpoints of one organization."}),
  with<&s::delivery, &delivery_settings::key_file>({
    .key = "delivery.key_file", .type = path,
    .help = "The keys that secrets of endpoints are sealed with in the database; the first start makes it. All nodes of one database need the same. Keep it: without it no webhook can be signed.",
    .when_unset = "`secrets.key` beside the SQLite file, else `data/secrets.key`"}),

  with<&s::auth, &auth_settings::signup>({
    .key = "auth.open_signup", .type = choice, .choices = signup_choices, .takes_effect = hot,
    .help = "Which tiers of organizations may be made without the admin token.",
    .when_unset = "free on a loopback listener, else off"}),
  with<&s::auth, &auth_settings::admin_token>({
    .key = "auth.admin_token", .type = secret, .takes_effect = hot,
    .help = "Allows what only operators may do; sent as `Authorization: Bearer`. Never shown.",
    .when_unset = "nothing that needs it can be done"}),
  with<&s::auth, &auth_settings::cache_ttl>({
    .key = "auth.cache_ttl", .type = duration, .least = 0, .greatest = 5 * minute, .takes_effect = hot,
    .help = "How long an API key that was found is trusted without asking the database again."}),
  with<&s::auth, &auth_settings::cache_size>({
    .key = "auth.cache_size", .least = 1, .greatest = 10'000'000, .takes_effect = hot,
    .help = "The most API keys that are remembered at once."}),
  with<&s::auth, &auth_settings::free_rate_limit>({
    .key = "auth.free_rate_limit", .least = 1, .greatest = 1'000'000'000, .takes_effect = hot,
    .help = "Requests a minute that a new organization of the free tier may send."}),
  with<&s::auth, &auth_settings::pro_rate_limit>({
    .key = "auth.pro_rate_limit", .least = 1, .greatest = 1'000'000'000, .takes_effect = hot,
    .help = "The same for the pro tier."}),
  with<&s::auth, &auth_settings::business_rate_limit>({
    .key = "auth.business_rate_limit", .least = 1, .greatest = 1'000'000'000, .takes_effect = hot,
    .help = "The same for the business tier."}),
  with<&s::auth, &auth_settings::enterprise_rate_limit>({
    .key = "auth.enterprise_rate_limit", .least = 1, .greatest = 1'000'000'000, .takes_effect = hot,
    .help = "The same for the enterprise tier."}),

  with<&s::node, &node_settings::name>({
    .key = "node.name", .type = name,
    .help = "This node's name, the same in every life of it.",
    .when_unset = "host name and HTTP port"}),
  with<&s::node, &node_settings::heartbeat_interval>({
    .key = "node.heartbeat_interval", .type = duration, .least = 100, .greatest = minute,
    .help = "Between two signs of life that this node leaves in the database."}),
  with<&s::node, &node_settings::dead_after>({
    .key = "node.dead_after", .type = duration, .least = second, .greatest = hour,
    .help = "A node that was silent for this long is taken for dead, and its claims are rescued."}),

  with<&s::supervisor, &supervisor_settings::stuck_after>({
    .key = "supervisor.stuck_after", .type = duration, .least = 100, .greatest = hour,
    .help = "A part of the service that has hung for this long, and for four calls of the database, is replaced."}),

  with<&s::log, &log_settings::level>({
    .key = "log.level", .type = choice, .choices = level_choices, .takes_effect = hot,
    .help = "The least severe messages that are logged."}),
  with<&s::log, &log_settings::format>({
    .key = "log.format", .type = choice, .choices = format_choices,
    .help = "Readable lines, or one JSON object a line."}),

  with<&s::shutdown, &shutdown_settings::grace>({
    .key = "shutdown.grace", .type = duration, .least = 0, .greatest = 10 * minute, .takes_effect = hot,
    .help = "How long work in flight may take to finish after SIGTERM."}),
};
// clang-format on

} // namespace

std::span<const description> descriptions() {
  return table;
}

const description *find(std::string_view key) {
  auto rows = descriptions();
  auto row = std::ranges::find(rows, key, &description::key);
  return row == rows.end() ? nullptr : &*row;
}

std::string_view section_of(std::string_view key) {
  return key.substr(0, key.rfind('.'));
}

std::vector<std::string_view> sections() {
  std::vector<std::string_view> out;
  for (const auto &row : descriptions())
    if (out.empty() || out.back() != section_of(row.key))
      out.push_back(section_of(row.key));
  return out;
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(descriptions(), [&](const auto &row) {
    return row.key.size() > name.size() && row.key.starts_with(name) &&
           row.key[name.size()] == '.';
  });
}

std::string environment_name(std::string_view key) {
  std::string out = "SLUICE_";
  for (char character : key) {
    bool is_lower = character >= 'a' && character <= 'z';
    out += character == '.' ? '_'
           : is_lower       ? static_cast<char>(character - 'a' + 'A')
                            : character;
  }
  return out;
}

namespace {

/// The path of what is kept beside the store.
std::string beside_store(const settings &from, const std::string &name) {
  constexpr std::string_view scheme = "sqlite:";
  const std::string_view url = from.store.url;
  if (!url.starts_with(scheme))
    return "data/" + name;
  const auto file = url.substr(scheme.size());
  const auto slash = file.rfind('/');
  return slash == std::string_view::npos
             ? name
             : std::string(file.substr(0, slash + 1)) + name;
}

} // namespace

std::string admin_folder(const settings &from) {
  return from.admin.folder.empty() ? beside_store(from, "admin")
                                   : from.admin.folder;
}

std::string secrets_file(const settings &from) {
  return from.delivery.key_file.empty() ? beside_store(from, "secrets.key")
                                        : from.delivery.key_file;
}

value default_of(const description &setting) {
  return setting.get(settings{});
}

} // namespace sluice::config
