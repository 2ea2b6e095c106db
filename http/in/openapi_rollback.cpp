#include "http/in/openapi_schemas.hpp"

namespace sluice::http {

namespace {

constexpr char rollback_parts[] = R"json({
"parameters": {
  "rollback_target": {"name": "target", "in": "query",
    "description": "sync if it is not said.",
    "schema": {"$ref": "#/components/schemas/rollback_target"}}
},
"schemas": {
  "rollback_target": {"enum": ["sync", "reject", "stop", "undo"]},
  "rollback_standing": {"type": ["object", "null"],
    "description": "The rollback that holds the dials where they stand.",
    "required": ["target", "state", "step", "dials", "begun_by", "reason"],
    "properties": {
      "target": {"$ref": "#/components/schemas/rollback_target"},
      "state": {"enum": ["in force", "under way"]},
      "step": {"enum": ["check", "turn", "drain", "verify", null],
        "description": "What comes next while it is under way."},
      "dials": {"type": "array",
        "items": {"enum": ["ingest", "processing", "delivery"]}},
      "begun_by": {"type": "string"},
      "reason": {"type": ["string", "null"]}}},
  "dials": {"type": "object",
    "required": ["ingest", "processing", "delivery", "retry_after"],
    "properties": {
      "ingest": {"enum": ["async", "sync", "reject"]},
      "processing": {"enum": ["running", "paused", "draining", "drained"]},
      "delivery": {"enum": ["running", "paused"]},
      "retry_after": {"type": "integer", "description": "Seconds."}}},
  "rollback_plan": {"type": "object",
    "required": ["target", "dials_now", "dials_wanted", "queue",
      "stored_per_minute", "accepted_per_minute", "steps", "warnings", "open"],
    "properties": {
      "target": {"$ref": "#/components/schemas/rollback_target"},
      "dials_now": {"$ref": "#/components/schemas/dials"},
      "dials_wanted": {"$ref": "#/components/schemas/dials"},
      "queue": {"type": "object"},
      "stored_per_minute": {"type": "integer"},
      "accepted_per_minute": {"type": "integer"},
      "steps": {"type": "array", "items": {"type": "object",
        "required": ["step", "does", "seconds", "others_notice"],
        "properties": {
          "step": {"type": "string"}, "does": {"type": "string"},
          "seconds": {"type": ["number", "null"],
            "description": "null: it can't be told."},
          "others_notice": {"type": "string"}}}},
      "warnings": {"type": "array", "items": {"type": "string"}},
      "open": {"type": ["object", "null"],
        "description": "A rollback that is under way."}}},
  "rollback": {"type": "object",
    "required": ["id", "target", "state", "begun_by", "reason", "begun_at",
      "ended_at", "drain_within", "dials_before", "dials_wanted", "steps",
      "remarks", "is_proven", "open_points"],
    "properties": {
      "id": {"$ref": "#/components/schemas/id"},
      "target": {"$ref": "#/components/schemas/rollback_target"},
      "state": {"enum": ["under way", "done", "aborted"]},
      "begun_by": {"type": "string"},
      "reason": {"type": ["string", "null"]},
      "begun_at": {"$ref": "#/components/schemas/time"},
      "ended_at": {"type": ["string", "null"], "format": "date-time"},
      "drain_within": {"type": "integer", "description": "Seconds."},
      "dials_before": {"$ref": "#/components/schemas/dials"},
      "dials_wanted": {"$ref": "#/components/schemas/dials"},
      "steps": {"type": "array", "items": {"type": "object",
        "required": ["step", "is_done", "attempts", "begun_at", "ended_at",
          "facts"],
        "properties": {
          "step": {"enum": ["check", "turn", "drain", "verify"]},
          "is_done": {"type": "boolean"},
          "attempts": {"$ref": "#/components/schemas/count"},
          "begun_at": {"type": ["string", "null"], "format": "date-time"},
          "ended_at": {"type": ["string", "null"], "format": "date-time"},
          "facts": {"type": "object"}}}},
      "remarks": {"type": "array", "items": {"type": "string"}},
      "is_proven": {"type": "boolean",
        "description": "Dials, queue and books are as they were to be."},
      "open_points": {"type": "array", "items": {"type": "string"}}}},
  "rollback_request": {"type": "object", "additionalProperties": false,
    "required": ["target"],
    "properties": {
      "target": {"$ref": "#/components/schemas/rollback_target"},
      "retry_after": {"type": "integer", "minimum": 1, "maximum": 2592000},
      "timeout": {"type": "integer", "minimum": 1, "maximum": 2592000,
        "description": "Seconds after which the drain is given up."},
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"}}},
  "advance_request": {"type": "object", "additionalProperties": false,
    "required": ["id"],
    "properties": {
      "id": {"$ref": "#/components/schemas/id"},
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"}}},
  "order_request": {"type": "object", "additionalProperties": false,
    "properties": {
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"}}}
}})json";

} // namespace

std::string_view openapi_rollback_components() {
  return rollback_parts;
}

} // namespace sluice::http
