#include "http/in/openapi_schemas.hpp"

namespace sluice::http {

namespace {

constexpr char endpoint_parts[] = R"json({
  "webhook_url": {"type": "string", "format": "uri", "maxLength": 2048,
    "description": "https, and a public address."},
  "webhook_secret": {"type": "string", "pattern": "^whsec_",
    "description": "Shown this once. Requests are signed with it, as Standard Webhooks has it."},
  "endpoint_description": {"type": ["string", "null"], "maxLength": 1000},
  "endpoint_types": {"type": ["array", "null"], "minItems": 1, "maxItems": 100,
    "description": "null: all. invoice.* stands for all that begin with invoice. and the dot.",
    "items": {"type": "string", "maxLength": 255,
      "pattern": "^[A-Za-z0-9_.:/-]+(\\.\\*)?$"}},
  "endpoint_headers": {"type": ["object", "null"], "maxProperties": 20,
    "description": "Go with each request; 4 KiB in all.",
    "additionalProperties": {"type": "string"}},
  "max_in_flight": {"type": "integer", "minimum": 1, "maximum": 100,
    "default": 8, "description": "Requests at once."},
  "rate_per_second": {"type": "integer", "minimum": 0, "maximum": 100000,
    "default": 0, "description": "Requests; 0: any number."},
  "endpoint_request": {"type": "object", "additionalProperties": false,
    "required": ["url"],
    "properties": {
      "url": {"$ref": "#/components/schemas/webhook_url"},
      "description": {"$ref": "#/components/schemas/endpoint_description"},
      "event_types": {"$ref": "#/components/schemas/endpoint_types"},
      "headers": {"$ref": "#/components/schemas/endpoint_headers"},
      "max_in_flight": {"$ref": "#/components/schemas/max_in_flight"},
      "rate_per_second": {"$ref": "#/components/schemas/rate_per_second"}}},
  "endpoint_change": {"type": "object", "additionalProperties": false,
    "description": "What is not said stays as it is.",
    "properties": {
      "url": {"$ref": "#/components/schemas/webhook_url"},
      "description": {"$ref": "#/components/schemas/endpoint_description"},
      "event_types": {"$ref": "#/components/schemas/endpoint_types"},
      "headers": {"$ref": "#/components/schemas/endpoint_headers"},
      "max_in_flight": {"$ref": "#/components/schemas/max_in_flight"},
      "rate_per_second": {"$ref": "#/components/schemas/rate_per_second"}}},
  "endpoint": {"type": "object",
    "required": ["id", "url", "description", "event_types", "headers",
      "max_in_flight", "rate_per_second", "state", "state_reason",
      "is_default", "failing_since", "secrets", "created_at", "updated_at"],
    "properties": {
      "id": {"$ref": "#/components/schemas/id"},
      "url": {"$ref": "#/components/schemas/webhook_url"},
      "description": {"type": "string"},
      "event_types": {"$ref": "#/components/schemas/endpoint_types"},
      "headers": {"$ref": "#/components/schemas/endpoint_headers"},
      "max_in_flight": {"$ref": "#/components/schemas/max_in_flight"},
      "rate_per_second": {"$ref": "#/components/schemas/rate_per_second"},
      "state": {"enum": ["active", "paused", "parked"],
        "description": "paused by its owner, parked because nothing arrives there; both keep what is for it."},
      "state_reason": {"type": ["string", "null"]},
      "is_default": {"type": "boolean",
        "description": "The one that /api/webhook/config sets."},
      "failing_since": {"type": ["string", "null"], "format": "date-time"},
      "secrets": {"type": "array",
        "description": "With which requests are signed, newest first.",
        "items": {"type": "object", "required": ["expires_at"],
          "properties": {"expires_at": {"type": ["string", "null"],
            "format": "date-time"}}}},
      "created_at": {"$ref": "#/components/schemas/time"},
      "updated_at": {"$ref": "#/components/schemas/time"}}},
  "fresh_endpoint": {"allOf": [{"$ref": "#/components/schemas/endpoint"},
    {"type": "object", "required": ["secret"],
      "properties": {
        "secret": {"$ref": "#/components/schemas/webhook_secret"}}}]},
  "endpoints": {"type": "object", "required": ["endpoints"],
    "properties": {"endpoints": {"type": "array",
      "items": {"$ref": "#/components/schemas/endpoint"}}}},
  "removed_endpoint": {"type": "object", "required": ["id", "status"],
    "properties": {
      "id": {"$ref": "#/components/schemas/id"},
      "status": {"const": "removed"}}},
  "pause_request": {"type": "object", "additionalProperties": false,
    "properties": {"reason": {"$ref": "#/components/schemas/reason"}}},
  "secret_request": {"type": "object", "additionalProperties": false,
    "properties": {"grace_seconds": {"type": "integer", "minimum": 0,
      "maximum": 604800, "default": 86400,
      "description": "So long requests are signed with the old secrets, too; of all, three are kept."}}},
  "webhook_request": {"type": "object", "additionalProperties": false,
    "required": ["webhook_url"],
    "properties": {
      "webhook_url": {"$ref": "#/components/schemas/webhook_url"}}},
  "webhook": {"type": "object", "required": ["endpoint_id", "webhook_url"],
    "properties": {
      "endpoint_id": {"$ref": "#/components/schemas/id"},
      "webhook_url": {"$ref": "#/components/schemas/webhook_url"},
      "secret": {"$ref": "#/components/schemas/webhook_secret"}}},

  "replay_position": {"type": "string", "format": "uuid",
    "description": "next of the answer before: goes on from there."},
  "event_replay_request": {"type": "object", "additionalProperties": false,
    "properties": {
      "endpoint_id": {"$ref": "#/components/schemas/id"},
      "after": {"$ref": "#/components/schemas/replay_position"},
      "dry_run": {"$ref": "#/components/schemas/dry_run"}}},
  "endpoint_replay_request": {"type": "object", "additionalProperties": false,
    "required": ["since"],
    "properties": {
      "since": {"$ref": "#/components/schemas/time"},
      "until": {"$ref": "#/components/schemas/time"},
      "dead_letters_only": {"type": "boolean", "default": false},
      "after": {"$ref": "#/components/schemas/replay_position"},
      "dry_run": {"$ref": "#/components/schemas/dry_run"}}},
  "replay": {"type": "object", "required": ["count", "dry_run", "next"],
    "properties": {
      "count": {"$ref": "#/components/schemas/count"},
      "dry_run": {"type": "boolean"},
      "next": {"type": ["string", "null"], "format": "uuid",
        "description": "There is more: send it as after."}}}
})json";

} // namespace

std::string_view openapi_endpoint_schemas() {
  return endpoint_parts;
}

} // namespace sluice::http
