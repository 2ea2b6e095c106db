#include "http/in/routes/metrics.hpp"

#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "sluice_version.hpp"

namespace sluice::http {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

double to_number(std::uint64_t value) {
  return static_cast<double>(value);
}

/// The families of one scrape, in the order in which they are added.
class exposition {
public:
  void counter(std::string name, std::string help, std::uint64_t value) {
    begin(std::move(name), std::move(help), MetricType::Counter);
    add({}, to_number(value));
  }

  void gauge(std::string name, std::string help, double value) {
    begin(std::move(name), std::move(help), MetricType::Gauge);
    add({}, value);
  }

  /// A family of several values; `add` follows.
  void begin(std::string name, std::string help, MetricType type) {
    families_.push_back({.name = "sluice_" + std::move(name),
                         .help = std::move(help),
                         .type = type,
                         .metric = {}});
  }

  void add(std::vector<ClientMetric::Label> labels, double value) {
    auto &family = families_.back();
    auto &metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    if (family.type == MetricType::Counter)
      metric.counter.value = value;
    else
      metric.gauge.value = value;
  }

  void histogram(std::string name, std::string help,
                 const actors::histogram_view &view) {
    begin(std::move(name), std::move(help), MetricType::Histogram);
    auto &out = families_.back().metric.emplace_back().histogram;
    std::uint64_t count = 0;
    for (const auto &one : view.buckets) {
      count += one.count;
      out.bucket.push_back(
          {.cumulative_count = count, .upper_bound = one.bound});
    }
    out.sample_count = count + view.beyond;
    out.sample_sum = view.sum;
  }

  std::string text() const {
    return prometheus::TextSerializer().Serialize(families_);
  }

private:
  std::vector<prometheus::MetricFamily> families_;
};

void add_events(exposition &out, const actors::metrics_sample &seen) {
  const auto &node = seen.health;
  out.counter("events_accepted_total", "Events taken into the queue.",
              node.accepted);
  out.counter("events_created_total",
              "Events taken straight into the log (mode sync).", node.created);
  out.counter("events_duplicate_total",
              "Events that were repeats of others, by their key.",
              seen.duplicates);
  out.counter("events_stored_total",
              "Events moved from the queue into the log.", node.stored);
  out.counter("events_stored_without_claim_total",
              "Those of them that nobody had claimed, as in a burst.",
              seen.stored_without_claim);
  out.counter("items_retried_total",
              "Queue items sent back for another attempt.", seen.retried);
  out.counter("items_quarantined_total", "Queue items sent to quarantine.",
              node.quarantined);
  out.counter("items_lost_total",
              "Queue items whose claim was gone when a worker came back with "
              "them.",
              seen.lost_claims);
  out.counter("items_rescued_total",
              "Stuck queue items that were given back to the queue.",
              seen.rescued);
  out.counter("restarts_total", "Parts of the service that crashed.",
              node.restarts);
}

void add_times(exposition &out, const actors::metrics_sample &seen) {
  out.histogram("accept_latency_seconds",
                "From the hand-over of a request's events to the commit's "
                "answer.",
                seen.accept_latency);
  out.histogram("commit_size_events", "Events that shared one commit.",
                seen.commit_size);
  out.histogram("queue_age_seconds",
                "From an event's acceptance to the log; an estimate: the "
                "beginning is the time in the event's id, in milliseconds of "
                "the accepting node's clock, and items of a claim that was "
                "partly lost are left out.",
                seen.queue_age);
  out.histogram("move_time_seconds",
                "One move of a claim, or of what is due, into the log, in one "
                "transaction.",
                seen.move_time);
}

void add_retention(exposition &out, const actors::metrics_sample &seen) {
  out.begin("retention_removed_total",
            "Rows that this node has removed because they were old enough "
            "(retention.events, retention.deliveries, dedup.window).",
            MetricType::Counter);
  out.add({{"kind", "event"}}, to_number(seen.removed_events));
  out.add({{"kind", "delivery"}}, to_number(seen.removed_deliveries));
  out.add({{"kind", "attempt"}}, to_number(seen.removed_attempts));
  out.add({{"kind", "dedup_key"}}, to_number(seen.removed_keys));
  out.histogram("retention_step_seconds",
                "One transaction of retention, and its wait for a turn.",
                seen.prune_time);
}

void add_deliveries(exposition &out, const actors::metrics_sample &seen) {
  out.begin("delivery_attempts_total",
            "Attempts to deliver an event to a webhook, by what came of them.",
            MetricType::Counter);
  out.add({{"outcome", "delivered"}}, to_number(seen.delivered));
  out.add({{"outcome", "failed"}}, to_number(seen.delivery_failures));
  out.counter("deliveries_dead_lettered_total",
              "Deliveries that were given up.", seen.dead_letters);
  out.counter("deliveries_lost_total",
              "Results of attempts that came after somebody else had the "
              "delivery.",
              seen.lost_deliveries);
  out.counter("deliveries_rescued_total",
              "Deliveries that were made due again because their sender was "
              "gone.",
              seen.rescued_deliveries);
  out.counter("endpoints_parked_total",
              "Endpoints that were parked because nothing arrives there.",
              seen.endpoints_parked);
  out.counter("deliveries_replayed_total",
              "Deliveries that replays of this node have made due again.",
              seen.replayed_deliveries);
  out.gauge("deliveries_in_flight", "Requests to webhooks on their way.",
            to_number(seen.deliveries_in_flight));
  const auto &depth = seen.health.deliveries;
  out.begin("deliveries",
            "Deliveries to webhooks of all nodes, each count up to a limit.",
            MetricType::Gauge);
  out.add({{"status", "pending"}}, static_cast<double>(depth.pending));
  out.add({{"status", "sending"}}, static_cast<double>(depth.sending));
  out.add({{"status", "failing"}}, static_cast<double>(depth.failing));
  out.add({{"status", "dead_letter"}}, static_cast<double>(depth.dead_letter));
  out.histogram("delivery_time_seconds",
                "One attempt to deliver, whatever came of it.",
                seen.delivery_time);
}

void add_queue(exposition &out, const db::queue_depth &depth) {
  out.begin("queue_depth_items",
            "Items in the queue of all nodes, each count up to a limit.",
            MetricType::Gauge);
  out.add({{"status", "pending"}}, static_cast<double>(depth.pending));
  out.add({{"status", "processing"}}, static_cast<double>(depth.processing));
  out.add({{"status", "quarantined"}}, static_cast<double>(depth.quarantined));
  out.gauge("queue_stuck_items",
            "Claimed items whose claim is too old or whose node is silent.",
            static_cast<double>(depth.stuck));
  using seconds = std::chrono::duration<double>;
  out.gauge("queue_oldest_pending_seconds",
            "For how long the oldest item that is due has been due.",
            depth.oldest_pending ? seconds(*depth.oldest_pending).count() : 0);
}

template <class Mode>
void add_dial(exposition &out, const char *dial, Mode now,
              std::initializer_list<Mode> all) {
  for (const auto value : all)
    out.add({{"dial", dial}, {"value", std::string(db::to_string(value))}},
            value == now ? 1 : 0);
}

void add_gate(exposition &out, const db::gate_state &state) {
  out.begin("gate_dial", "1 for the value at which a dial stands, else 0.",
            MetricType::Gauge);
  using db::delivery_mode;
  using db::ingest_mode;
  using db::processing_mode;
  add_dial(out, "ingest", state.ingest,
           {ingest_mode::async, ingest_mode::sync, ingest_mode::reject});
  add_dial(out, "processing", state.processing,
           {processing_mode::running, processing_mode::paused,
            processing_mode::draining, processing_mode::drained});
  add_dial(out, "delivery", state.delivery,
           {delivery_mode::running, delivery_mode::paused});
  out.gauge("gate_version", "Grows by one with each change of the dials.",
            static_cast<double>(state.version));
}

void add_state(exposition &out, const actors::health_sample &sample) {
  out.gauge("ready", "1 while events can be accepted, else 0.",
            sample.is_ready ? 1 : 0);
  out.gauge("database_up",
            "1 while the database can be read and written, else 0.",
            sample.database_is_up ? 1 : 0);
  out.gauge("ledger_balanced",
            "0 when the last check of the books found a fault, else 1.",
            sample.ledger.is_balanced ? 1 : 0);
  out.gauge("ledger_faults", "Faults that the last check of the books found.",
            static_cast<double>(sample.ledger.fault_count));
  out.counter("settings_loads_total",
              "Times that the settings' file was read again.",
              sample.settings.loads);
  out.counter("settings_load_failures_total",
              "Those of them that changed nothing, because of a fault.",
              sample.settings.failed_loads);
  out.gauge("settings_faults", "Faults that the settings' file has now.",
            static_cast<double>(sample.settings.faults));
  out.gauge("settings_overrides_skipped",
            "Overrides that do not hold, because they don't fit.",
            static_cast<double>(sample.settings.skipped_overrides));
  out.begin("build_info", "1; the label tells the version.", MetricType::Gauge);
  out.add({{"version", sluice::version}}, 1);
}

void add_answers(exposition &out, const answer_counts &answers) {
  out.begin("http_answers_total", "HTTP answers by the class of their status.",
            MetricType::Counter);
  for (int digit = 2; digit < answer_counts::classes; ++digit)
    out.add({{"code", std::to_string(digit) + "xx"}},
            to_number(answers.of_class(digit)));
}

} // namespace

answer get_metrics(service &shared, const request &) {
  const auto seen = shared.gateway.metrics();
  exposition all;
  add_state(all, seen.health);
  add_gate(all, seen.health.gate.state);
  add_queue(all, seen.health.depth);
  add_events(all, seen);
  add_times(all, seen);
  add_retention(all, seen);
  add_deliveries(all, seen);
  if (shared.answers)
    add_answers(all, *shared.answers);
  response out;
  out.body = all.text();
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

} // namespace sluice::http
