#include "http/in/openapi_schemas.hpp"

namespace sluice::http {

namespace {

constexpr char recovery_parts[] = R"json({
  "verify_request": {"type": "object", "additionalProperties": false,
    "properties": {
      "most": {"type": "integer", "minimum": 0, "maximum": 1000,
        "default": 100, "description": "Faults to be named."},
      "actor": {"$ref": "#/components/schemas/actor"}}},
  "ledger_report": {"type": "object",
    "required": ["is_balanced", "at", "position", "sums", "fault_count",
      "faults"],
    "properties": {
      "is_balanced": {"type": "boolean"},
      "at": {"$ref": "#/components/schemas/time"},
      "position": {"type": "integer"},
      "sums": {"type": "object",
        "required": ["accepted", "adopted", "written_off", "stored", "waiting",
          "discarded"],
        "properties": {
          "accepted": {"type": "integer"}, "adopted": {"type": "integer"},
          "written_off": {"type": "integer"}, "stored": {"type": "integer"},
          "waiting": {"type": "integer"}, "discarded": {"type": "integer"}}},
      "fault_count": {"type": "integer"},
      "faults": {"type": "array",
        "items": {"$ref": "#/components/schemas/ledger_fault"}}}},
  "ledger_fault": {"type": "object",
    "required": ["fault", "event_id", "organization_id"],
    "properties": {
      "fault": {"enum": ["missing", "surplus", "doubled"]},
      "event_id": {"$ref": "#/components/schemas/id"},
      "organization_id": {"$ref": "#/components/schemas/id"}}},
  "repair_request": {"type": "object", "additionalProperties": false,
    "description": "With a reason, unless it is a dry run.",
    "properties": {
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"},
      "dry_run": {"$ref": "#/components/schemas/dry_run"}}},
  "repaired_ledger": {"type": "object", "required": ["found_before"],
    "properties": {
      "dry_run": {"const": true},
      "found_before": {"$ref": "#/components/schemas/ledger_report"}}},
  "items_request": {"type": "object", "additionalProperties": false,
    "description": "Ids, or a filter of at least one member beside limit; with a reason, unless it is a dry run. A filter of items to be discarded wants a status.",
    "properties": {
      "ids": {"type": "array", "minItems": 1, "maxItems": 1000,
        "items": {"$ref": "#/components/schemas/id"}},
      "status": {"enum": ["pending", "quarantined"]},
      "organization_id": {"$ref": "#/components/schemas/id"},
      "older_than": {"type": "integer", "minimum": 0, "maximum": 2147483647,
        "description": "Seconds since the item was accepted, at the least."},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000,
        "default": 1000},
      "dry_run": {"$ref": "#/components/schemas/dry_run"},
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"}}},
  "ordered_items": {"type": "object", "required": ["passed_over", "has_more"],
    "properties": {
      "passed_over": {"$ref": "#/components/schemas/count"},
      "has_more": {"type": "boolean",
        "description": "More items may pass the filter."},
      "dry_run": {"const": true},
      "items": {"type": "array",
        "description": "Of a dry run: which they are.",
        "items": {"$ref": "#/components/schemas/item"}}}},
  "requeued_items": {"allOf": [{"$ref": "#/components/schemas/ordered_items"},
    {"type": "object", "required": ["requeued"],
      "properties": {"requeued": {"$ref": "#/components/schemas/count"}}}]},
  "discarded_items": {"allOf": [{"$ref": "#/components/schemas/ordered_items"},
    {"type": "object", "required": ["discarded"],
      "properties": {"discarded": {"$ref": "#/components/schemas/count"}}}]},
  "act_request": {"type": "object", "additionalProperties": false,
    "properties": {
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"}}},
  "trial_request": {"type": "object", "additionalProperties": false,
    "properties": {
      "dry_run": {"$ref": "#/components/schemas/dry_run"},
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"}}},
  "rescued_items": {"type": "object", "required": ["rescued", "quarantined"],
    "properties": {
      "dry_run": {"const": true},
      "rescued": {"$ref": "#/components/schemas/count"},
      "quarantined": {"$ref": "#/components/schemas/count"}}},
  "finding": {"type": "object", "required": ["code", "count", "next"],
    "properties": {
      "code": {"enum": ["stuck", "in_log_already",
        "in_log_with_other_contents", "not_where_the_books_have_it",
        "books_do_not_add_up", "books_did_not_balance", "books_not_checked",
        "quarantined", "silent_nodes"]},
      "count": {"$ref": "#/components/schemas/count"},
      "next": {"type": "string",
        "description": "What `sluice ctl` has for it."}}},
  "error_counts": {"type": "object", "required": ["count", "exact", "errors"],
    "properties": {
      "count": {"$ref": "#/components/schemas/count"},
      "exact": {"type": "boolean"},
      "errors": {"type": "array", "items": {"type": "object",
        "required": ["error", "count", "newest_id"],
        "properties": {
          "error": {"type": ["string", "null"]},
          "count": {"$ref": "#/components/schemas/count"},
          "newest_id": {"$ref": "#/components/schemas/id"}}}}}},
  "assessment": {"type": "object",
    "required": ["at", "is_sound", "findings", "queue", "stuck", "stored",
      "in_log_already", "quarantined", "retrying", "ledger", "nodes", "dials"],
    "properties": {
      "at": {"$ref": "#/components/schemas/time"},
      "is_sound": {"type": "boolean"},
      "findings": {"type": "array",
        "items": {"$ref": "#/components/schemas/finding"}},
      "queue": {"type": "object",
        "required": ["pending", "processing", "quarantined", "exact",
          "oldest_pending_seconds"],
        "properties": {
          "pending": {"$ref": "#/components/schemas/count"},
          "processing": {"$ref": "#/components/schemas/count"},
          "quarantined": {"$ref": "#/components/schemas/count"},
          "exact": {"type": "boolean"},
          "oldest_pending_seconds": {"type": ["number", "null"]}}},
      "stuck": {"type": "object",
        "required": ["count", "exhausted", "holders", "items"],
        "properties": {
          "count": {"$ref": "#/components/schemas/count"},
          "exhausted": {"type": "integer",
            "description": "Of them, those that a rescue sends to quarantine."},
          "holders": {"type": "array", "items": {"type": "object",
            "required": ["claimed_by", "name", "count", "since"],
            "properties": {
              "claimed_by": {"type": ["string", "null"]},
              "name": {"type": ["string", "null"]},
              "count": {"$ref": "#/components/schemas/count"},
              "since": {"type": ["string", "null"], "format": "date-time"}}}},
          "items": {"type": "array",
            "items": {"$ref": "#/components/schemas/item"}}}},
      "stored": {"type": "object",
        "required": ["last_minute", "last_hour", "exact", "newest_at"],
        "properties": {
          "last_minute": {"$ref": "#/components/schemas/count"},
          "last_hour": {"$ref": "#/components/schemas/count"},
          "exact": {"type": "boolean"},
          "newest_at": {"type": ["string", "null"], "format": "date-time"}}},
      "in_log_already": {"type": "object", "required": ["count", "items"],
        "properties": {
          "count": {"type": ["integer", "null"],
            "description": "Null: nobody looked."},
          "items": {"type": "array", "items": {"type": "object",
            "required": ["id", "organization_id", "status", "is_same"],
            "properties": {
              "id": {"$ref": "#/components/schemas/id"},
              "organization_id": {"$ref": "#/components/schemas/id"},
              "status": {"$ref": "#/components/schemas/item_status"},
              "is_same": {"type": "boolean",
                "description": "Type and payload are as in the log."}}}}}},
      "quarantined": {"$ref": "#/components/schemas/error_counts"},
      "retrying": {"$ref": "#/components/schemas/error_counts"},
      "ledger": {"type": "object",
        "required": ["checked_now", "balanced", "checked_at", "fault_count",
          "faults"],
        "properties": {
          "checked_now": {"type": "boolean"},
          "balanced": {"type": ["boolean", "null"]},
          "checked_at": {"type": ["string", "null"], "format": "date-time"},
          "fault_count": {"$ref": "#/components/schemas/count"},
          "faults": {"type": "array",
            "items": {"$ref": "#/components/schemas/ledger_fault"}}}},
      "nodes": {"type": "object", "required": ["count", "silent"],
        "properties": {
          "count": {"$ref": "#/components/schemas/count"},
          "silent": {"type": "array", "items": {"type": "object",
            "required": ["id", "name", "silent_for_ms"],
            "properties": {
              "id": {"$ref": "#/components/schemas/id"},
              "name": {"type": "string"},
              "silent_for_ms": {"type": "integer"}}}}}},
      "dials": {"type": "object",
        "required": ["ingest", "processing", "delivery", "version",
          "changed_by", "reason"],
        "properties": {
          "ingest": {"enum": ["async", "sync", "reject"]},
          "processing": {"enum": ["running", "paused", "draining", "drained"]},
          "delivery": {"enum": ["running", "paused"]},
          "version": {"$ref": "#/components/schemas/count"},
          "changed_by": {"type": "string"},
          "reason": {"type": "string"}}}}},
  "recovery": {"type": "object",
    "required": ["dry_run", "rescued", "quarantined", "unqueued", "has_more",
      "books_checked", "left", "faults"],
    "properties": {
      "dry_run": {"type": "boolean"},
      "rescued": {"$ref": "#/components/schemas/count"},
      "quarantined": {"$ref": "#/components/schemas/count"},
      "unqueued": {"type": "integer",
        "description": "Items that left the queue because the log has them."},
      "has_more": {"type": "boolean"},
      "books_checked": {"type": "boolean"},
      "left": {"type": "array",
        "items": {"$ref": "#/components/schemas/finding"}},
      "faults": {"type": "array",
        "items": {"$ref": "#/components/schemas/ledger_fault"}}}}
})json";

} // namespace

std::string_view openapi_recovery_schemas() {
  return recovery_parts;
}

} // namespace sluice::http
