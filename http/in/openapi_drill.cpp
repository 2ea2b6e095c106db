#include "http/in/openapi_schemas.hpp"

namespace sluice::http {

namespace {

constexpr char drill_parts[] = R"json({
"parameters": {},
"schemas": {
  "drill_name": {"enum": ["kill-worker", "kill-poller", "stuck-items",
    "db-outage", "poison", "sync-roundtrip", "rollback", "slow-endpoint"]},
  "drill_request": {"type": "object", "additionalProperties": false,
    "required": ["drill"],
    "properties": {
      "drill": {"$ref": "#/components/schemas/drill_name"},
      "events": {"type": "integer", "minimum": 20, "maximum": 5000,
        "description": "How many marked events are sent; 200 if not said."},
      "force": {"type": "boolean",
        "description": "Even while the service is not well."},
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"}}},
  "drill": {"type": "object",
    "required": ["id", "drill", "state", "recovery_ms", "begun_by", "reason",
      "begun_at", "ended_at", "events_asked", "is_forced", "node",
      "organization_id", "events", "reasons", "steps", "facts",
      "is_cleaned_up"],
    "properties": {
      "id": {"$ref": "#/components/schemas/id"},
      "drill": {"$ref": "#/components/schemas/drill_name"},
      "state": {"enum": ["under way", "passed", "failed", "interrupted"]},
      "recovery_ms": {"type": ["integer", "null"],
        "description": "Until all was well again; null: it never was."},
      "begun_by": {"type": "string"},
      "reason": {"type": ["string", "null"]},
      "begun_at": {"$ref": "#/components/schemas/time"},
      "ended_at": {"type": ["string", "null"], "format": "date-time"},
      "events_asked": {"$ref": "#/components/schemas/count"},
      "is_forced": {"type": "boolean"},
      "node": {"type": "string"},
      "life": {"$ref": "#/components/schemas/id"},
      "organization_id": {"$ref": "#/components/schemas/id"},
      "events": {"type": "object",
        "required": ["accepted", "refused", "doubtful", "arrived", "lost",
          "doubled", "strange", "lost_ids", "doubled_ids", "strange_ids"],
        "properties": {
          "accepted": {"$ref": "#/components/schemas/count"},
          "refused": {"$ref": "#/components/schemas/count"},
          "doubtful": {"$ref": "#/components/schemas/count"},
          "arrived": {"$ref": "#/components/schemas/count"},
          "lost": {"$ref": "#/components/schemas/count"},
          "doubled": {"$ref": "#/components/schemas/count"},
          "strange": {"$ref": "#/components/schemas/count"},
          "lost_ids": {"type": "array", "items": {"type": "string"}},
          "doubled_ids": {"type": "array", "items": {"type": "string"}},
          "strange_ids": {"type": "array", "items": {"type": "string"}}}},
      "reasons": {"type": "array", "items": {"type": "string"},
        "description": "Why it failed."},
      "steps": {"type": "array", "items": {"type": "string"}},
      "facts": {"type": "object"},
      "is_cleaned_up": {"type": "boolean"}}},
  "drills": {"type": "object", "required": ["drills"],
    "properties": {"drills": {"type": "array",
      "items": {"$ref": "#/components/schemas/drill"}}}}
}})json";

} // namespace

std::string_view openapi_drill_components() {
  return drill_parts;
}

} // namespace sluice::http
