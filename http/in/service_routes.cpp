#include "http/in/service_routes.hpp"

#include <memory>
#include <utility>

#include "http/in/openapi.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/ack.hpp"
#include "http/in/routes/assessment.hpp"
#include "http/in/routes/batch.hpp"
#include "http/in/routes/diagnosis.hpp"
#include "http/in/routes/drill.hpp"
#include "http/in/routes/endpoint_change.hpp"
#include "http/in/routes/endpoint_orders.hpp"
#include "http/in/routes/endpoint_test.hpp"
#include "http/in/routes/endpoints.hpp"
#include "http/in/routes/events.hpp"
#include "http/in/routes/gate.hpp"
#include "http/in/routes/health.hpp"
#include "http/in/routes/inbox.hpp"
#include "http/in/routes/inspection.hpp"
#include "http/in/routes/keys.hpp"
#include "http/in/routes/log.hpp"
#include "http/in/routes/metrics.hpp"
#include "http/in/routes/operations.hpp"
#include "http/in/routes/pulls.hpp"
#include "http/in/routes/queue_orders.hpp"
#include "http/in/routes/replay.hpp"
#include "http/in/routes/replay_jobs.hpp"
#include "http/in/routes/rollback.hpp"
#include "http/in/routes/settings.hpp"
#include "http/in/routes/webhook_config.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t small_body = 16UL * 1024;
// A thousand ids and a reason.
constexpr std::size_t id_list_body = 64UL * 1024;
// A hundred types, a URL and headers, escaped at will.
constexpr std::size_t endpoint_body = 64UL * 1024;

void add_keys(route_table &table, const service_ptr &shared) {
  table.push_back({"POST", "/api/keys/generate",
                   "Make an organization and its first key", small_body,
                   for_everybody(shared, generate_key)});
  // Not metered: a key that leaked has to be replaceable under load.
  table.push_back({"GET", "/api/keys", "Show the organization and its keys", 0,
                   for_tenant(shared, get_keys, metering::free)});
  table.push_back({"POST", "/api/keys/rotate", "Replace the keys", small_body,
                   for_tenant(shared, rotate_key, metering::free)});
}

void add_events(route_table &table, const service_ptr &shared) {
  const auto &limits = shared->settings.http;
  // The envelope around the payload: type and dedup_id, escaped at will.
  route post{"POST", "/api/events", "Accept one event",
             limits.max_payload + small_body, for_tenant(shared, post_event)};
  post.begin = promptly_for_tenant(shared, post_event_promptly);
  post.overdue = [] {
    return store_failure({db::errc::in_doubt, "no answer in time", {}});
  };
  table.push_back(std::move(post));
  table.push_back({"POST", "/api/events/batch", "Accept up to 1000 events",
                   batch_body_limit(limits), for_tenant(shared, post_batch)});
  table.push_back({"GET", "/api/events", "Read the log, newest first", 0,
                   for_tenant(shared, get_events)});
  table.push_back({"GET", "/api/stream",
                   "Follow the log, as server-sent events", 0,
                   for_tenant(shared, get_stream)});
  table.push_back({"GET", "/api/events/{id}", "Show where an event is", 0,
                   for_tenant(shared, get_event)});
}

void add_inbox(route_table &table, const service_ptr &shared) {
  table.push_back({"GET", "/api/inbox", "Read the inbox", 0,
                   for_tenant(shared, get_inbox)});
  table.push_back({"POST", "/api/inbox/claim",
                   "Claim events for a while, oldest first", small_body,
                   for_tenant(shared, post_claim), true});
  table.push_back({"POST", "/api/inbox/ack", "Acknowledge what was claimed",
                   small_body, for_tenant(shared, post_claim_ack)});
  table.push_back({"POST", "/api/inbox/release", "Give back what was claimed",
                   small_body, for_tenant(shared, post_claim_release)});
  table.push_back({"POST", "/api/inbox/extend", "Keep what was claimed longer",
                   small_body, for_tenant(shared, post_claim_extend)});
  table.push_back({"POST", "/api/ack", "Acknowledge up to 100 events",
                   small_body, for_tenant(shared, post_ack_batch)});
  table.push_back({"POST", "/api/ack/{event_id}", "Acknowledge an event",
                   small_body, for_tenant(shared, post_ack), true});
}

void add_endpoints(route_table &table, const service_ptr &shared) {
  const auto admit = [&](tenant_handler handle) {
    return for_tenant(shared, for_webhooks(std::move(handle)));
  };
  table.push_back(
      {"GET", "/api/endpoints", "List the endpoints", 0, admit(get_endpoints)});
  table.push_back({"POST", "/api/endpoints", "Make an endpoint", endpoint_body,
                   admit(post_endpoint)});
  table.push_back({"GET", "/api/endpoints/{id}", "Show an endpoint", 0,
                   admit(get_endpoint)});
  table.push_back({"PATCH", "/api/endpoints/{id}", "Change an endpoint",
                   endpoint_body, admit(patch_endpoint)});
  table.push_back({"DELETE", "/api/endpoints/{id}", "Remove an endpoint", 0,
                   admit(delete_endpoint)});
  table.push_back({"POST", "/api/endpoints/{id}/pause",
                   "Keep what is for an endpoint, send nothing", small_body,
                   admit(pause_endpoint), true});
  table.push_back({"POST", "/api/endpoints/{id}/resume",
                   "Send to an endpoint again", small_body,
                   admit(resume_endpoint), true});
  table.push_back({"POST", "/api/endpoints/{id}/rotate-secret",
                   "Replace an endpoint's secret", small_body,
                   admit(rotate_secret), true});
  table.push_back({"POST", "/api/endpoints/{id}/test",
                   "Send a test event to an endpoint", small_body,
                   admit(test_endpoint), true});
  table.push_back({"POST", "/api/endpoints/{id}/replay",
                   "Deliver again what an endpoint had", small_body,
                   admit(post_replay)});
  table.push_back({"GET", "/api/endpoints/{id}/replays",
                   "List an endpoint's replays", 0, admit(get_replays)});
  table.push_back(
      {"GET", "/api/replays/{id}", "Show a replay", 0, admit(get_replay)});
  table.push_back({"DELETE", "/api/replays/{id}", "Cancel a replay", 0,
                   admit(delete_replay)});
  table.push_back({"POST", "/api/events/{id}/replay", "Deliver an event again",
                   small_body, admit(replay_event), true});
  table.push_back({"POST", "/api/webhook/config",
                   "Say where events are sent to", small_body,
                   admit(post_webhook_config)});
}

/// Lets an operator's request through to its handler, or refuses it.
using admission = std::function<handler(public_handler)>;

void add_gate(route_table &table, const admission &admit) {
  table.push_back({"GET", "/admin/v1/gate", "Show how the dials stand", 0,
                   admit(get_gate)});
  table.push_back({"POST", "/admin/v1/mode", "Say how events come in",
                   small_body, admit(post_mode)});
  table.push_back({"POST", "/admin/v1/pause", "Stop claiming or delivering",
                   small_body, admit(post_pause), true});
  table.push_back({"POST", "/admin/v1/resume", "Claim or deliver again",
                   small_body, admit(post_resume), true});
  table.push_back({"POST", "/admin/v1/drain", "Empty the queue, then pause",
                   small_body, admit(post_drain), true});
}

void add_operations(route_table &table, const admission &admit) {
  table.push_back({"POST", "/admin/v1/ledger/verify", "Check the books",
                   small_body, admit(post_verify), true});
  table.push_back({"POST", "/admin/v1/ledger/repair",
                   "Make the books balance, on the record", small_body,
                   admit(post_repair)});
  table.push_back({"POST", "/admin/v1/queue/requeue",
                   "Try quarantined items again", id_list_body,
                   admit(post_requeue)});
  table.push_back({"POST", "/admin/v1/queue/discard",
                   "Discard waiting items, on the record", id_list_body,
                   admit(post_discard)});
  table.push_back({"POST", "/admin/v1/poll", "Look for items now", small_body,
                   admit(post_poll), true});
  table.push_back({"POST", "/admin/v1/cleanup", "Rescue stuck items now",
                   small_body, admit(post_cleanup), true});
  table.push_back({"POST", "/admin/v1/recover",
                   "Mend what has a safe rule, on the record", small_body,
                   admit(post_recover), true});
  table.push_back({"POST", "/admin/v1/actors/{name}/restart",
                   "Restart a part of the service", small_body,
                   admit(post_restart), true});
}

void add_looks(route_table &table, const admission &admit) {
  table.push_back(
      {"GET", "/admin/v1/assess", "Report damage", 0, admit(get_assess)});
  table.push_back({"GET", "/admin/v1/actors", "Show the parts of the service",
                   0, admit(get_parts)});
  table.push_back(
      {"GET", "/admin/v1/nodes", "Show the nodes", 0, admit(get_nodes)});
  table.push_back({"GET", "/admin/v1/queue", "List items of the queue", 0,
                   admit(get_queue)});
  table.push_back({"GET", "/admin/v1/queue/{id}",
                   "Show an event, wherever it is", 0, admit(get_item)});
  table.push_back({"GET", "/admin/v1/endpoints",
                   "List an organization's endpoints", 0,
                   admit(get_endpoints_of)});
  table.push_back({"GET", "/admin/v1/audit", "List what operators did", 0,
                   admit(get_audit)});
}

void add_rollback(route_table &table, const admission &admit) {
  table.push_back({"GET", "/admin/v1/rollback/plan",
                   "Show what a rollback would do", 0,
                   admit(get_rollback_plan)});
  table.push_back({"GET", "/admin/v1/rollback", "Show the newest rollback", 0,
                   admit(get_rollback)});
  table.push_back({"POST", "/admin/v1/rollback",
                   "Begin a rollback, or take it up again", small_body,
                   admit(post_rollback)});
  table.push_back({"POST", "/admin/v1/rollback/advance",
                   "Do a rollback's next step", small_body,
                   admit(post_rollback_advance)});
  table.push_back({"POST", "/admin/v1/rollback/abort",
                   "Give a rollback up, and turn the dials back", small_body,
                   admit(post_rollback_abort), true});
  table.push_back({"POST", "/admin/v1/rollback/verify",
                   "Check what the newest rollback led to", small_body,
                   admit(post_rollback_verify), true});
}

void add_diagnosis(route_table &table, const admission &admit) {
  table.push_back({"GET", "/admin/v1/counts", "Show what is counted", 0,
                   admit(get_counts)});
  table.push_back({"GET", "/admin/v1/diagnosis",
                   "Look at process, machine and store", 0,
                   admit(get_diagnosis)});
}

void add_drills(route_table &table, const admission &admit) {
  table.push_back({"POST", "/admin/v1/drill", "Rehearse a fault", small_body,
                   admit(post_drill)});
  table.push_back(
      {"GET", "/admin/v1/drill", "Show the newest drill", 0, admit(get_drill)});
  table.push_back({"GET", "/admin/v1/drills", "List the drills that there were",
                   0, admit(get_drills)});
}

void add_settings(route_table &table, const admission &admit) {
  table.push_back({"GET", "/admin/v1/settings", "Show the settings", 0,
                   admit(get_settings)});
  table.push_back({"POST", "/admin/v1/settings",
                   "Override settings, on all nodes", small_body,
                   admit(post_settings)});
  table.push_back({"POST", "/admin/v1/reload", "Read the settings' file anew",
                   small_body, admit(post_reload), true});
}

void add_operator_routes(route_table &table, const admission &admit) {
  add_gate(table, admit);
  add_operations(table, admit);
  add_rollback(table, admit);
  add_looks(table, admit);
  add_diagnosis(table, admit);
  add_drills(table, admit);
  add_settings(table, admit);
}

/// These don't wait, and answer while everything else does.
void add_prompt(route_table &table, const service_ptr &shared,
                std::string pattern, std::string summary,
                public_handler handle) {
  route added{"GET", std::move(pattern), std::move(summary), 0,
              for_everybody(shared, handle)};
  added.begin = promptly_for_everybody(shared, std::move(handle));
  table.push_back(std::move(added));
}

void add_health(route_table &table, const service_ptr &shared) {
  add_prompt(table, shared, "/health", "As /health/ready", get_ready);
  add_prompt(table, shared, "/health/live", "Whether the process answers",
             get_live);
  add_prompt(table, shared, "/health/ready", "Whether events can be accepted",
             get_ready);
  table.push_back({"GET", "/metrics", "Show what is counted, for Prometheus", 0,
                   for_everybody(shared, get_metrics)});
}

/// The document describes this route too, so its text comes last.
void add_openapi(route_table &table, const service_ptr &shared) {
  const auto text = std::make_shared<std::string>();
  table.push_back({"GET", "/openapi.json", "Describe these routes (OpenAPI)", 0,
                   for_everybody(shared, [text](service &, const request &) {
                     return json_answer(200, *text);
                   })});
  *text = openapi_document(table);
}

} // namespace

service_ptr make_service(actors::gateway &gateway,
                         const config::settings &settings,
                         std::shared_ptr<const answer_counts> answers) {
  return std::make_shared<service>(gateway, settings, std::move(answers));
}

route_table make_routes(const service_ptr &shared) {
  route_table out;
  add_keys(out, shared);
  add_events(out, shared);
  add_inbox(out, shared);
  add_endpoints(out, shared);
  add_operator_routes(out, [&](public_handler handle) {
    return for_admin(shared, std::move(handle));
  });
  add_health(out, shared);
  add_openapi(out, shared);
  return out;
}

route_table make_operator_routes(const service_ptr &shared) {
  route_table out;
  const admission admit = [&](public_handler handle) {
    return for_everybody(shared, std::move(handle));
  };
  add_operator_routes(out, admit);
  out.push_back({"GET", "/health/ready", "Whether events can be accepted", 0,
                 admit(get_ready)});
  return out;
}

} // namespace sluice::http
