#include "http/in/openapi_schemas.hpp"

namespace sluice::http {

namespace {

constexpr char pull_parts[] = R"json({
"parameters": {
  "event_pattern": {"name": "type", "in": "query",
    "description": "A type, or order.* for all that begin with order. and the dot.",
    "schema": {"type": "string", "maxLength": 255,
      "pattern": "^[A-Za-z0-9_.:/-]+(\\.\\*)?$"}},
  "stored_since": {"name": "since", "in": "query",
    "description": "Only what was stored at this time or later.",
    "schema": {"$ref": "#/components/schemas/time"}},
  "last_event_id": {"name": "Last-Event-ID", "in": "header",
    "description": "The last id that came: the stream goes on behind it.",
    "schema": {"type": "string"}}
},
"schemas": {
  "claim_id": {"type": "string", "format": "uuid",
    "description": "Names a claim; only with it are its events acknowledged, released and kept."},
  "claim_limit": {"type": "integer", "minimum": 1, "maximum": 100,
    "default": 10},
  "lease_seconds": {"type": "integer", "minimum": 1, "maximum": 43200,
    "default": 30, "description": "So long the events are the caller's."},
  "claimed_ids": {"type": "array", "minItems": 1, "maxItems": 100,
    "description": "Without: all that the claim holds.",
    "items": {"type": "string"}},
  "claim_request": {"type": "object", "additionalProperties": false,
    "properties": {
      "limit": {"$ref": "#/components/schemas/claim_limit"},
      "lease_seconds": {"$ref": "#/components/schemas/lease_seconds"},
      "endpoint_id": {"$ref": "#/components/schemas/id"}}},
  "claimed_events": {"type": "object",
    "required": ["claim_id", "claimed_at", "lease_until", "events"],
    "properties": {
      "claim_id": {"$ref": "#/components/schemas/claim_id"},
      "claimed_at": {"$ref": "#/components/schemas/time"},
      "lease_until": {"$ref": "#/components/schemas/time"},
      "events": {"type": "array", "items": {"type": "object",
        "required": ["id", "type", "payload", "accepted_at", "stored_at",
          "status", "attempts"],
        "properties": {
          "id": {"$ref": "#/components/schemas/id"},
          "type": {"$ref": "#/components/schemas/event_type"},
          "payload": {},
          "dedup_id": {"type": "string"},
          "accepted_at": {"$ref": "#/components/schemas/time"},
          "stored_at": {"$ref": "#/components/schemas/time"},
          "status": {"$ref": "#/components/schemas/delivery_status"},
          "attempts": {"$ref": "#/components/schemas/count"}}}}}},
  "claim_change": {"type": "object", "additionalProperties": false,
    "required": ["claim_id"],
    "properties": {
      "claim_id": {"$ref": "#/components/schemas/claim_id"},
      "ids": {"$ref": "#/components/schemas/claimed_ids"}}},
  "claim_extension": {"type": "object", "additionalProperties": false,
    "required": ["claim_id"],
    "properties": {
      "claim_id": {"$ref": "#/components/schemas/claim_id"},
      "ids": {"$ref": "#/components/schemas/claimed_ids"},
      "lease_seconds": {"$ref": "#/components/schemas/lease_seconds"}}},
  "claim_result": {"type": "object", "required": ["id", "status"],
    "properties": {
      "id": {"type": "string"},
      "status": {"enum": ["delivered", "released", "extended", "lost",
        "not_found"],
        "description": "lost: the claim does not hold it any more; nothing changed."}}},
  "claim_results": {"type": "object", "required": ["results"],
    "properties": {"results": {"type": "array",
      "items": {"$ref": "#/components/schemas/claim_result"}}}},
  "extended_claim": {"type": "object", "required": ["results", "lease_until"],
    "properties": {
      "results": {"type": "array",
        "items": {"$ref": "#/components/schemas/claim_result"}},
      "lease_until": {"$ref": "#/components/schemas/time"}}},
  "event_page": {"type": "object", "required": ["events", "pagination"],
    "properties": {
      "events": {"type": "array", "items": {"type": "object",
        "required": ["id", "type", "payload", "accepted_at", "stored_at"],
        "properties": {
          "id": {"$ref": "#/components/schemas/id"},
          "type": {"$ref": "#/components/schemas/event_type"},
          "payload": {},
          "dedup_id": {"type": "string"},
          "accepted_at": {"$ref": "#/components/schemas/time"},
          "stored_at": {"$ref": "#/components/schemas/time"}}}},
      "pagination": {"type": "object",
        "required": ["limit", "count", "has_more", "next_cursor"],
        "description": "A page may be empty and have a next one: of many events few fit.",
        "properties": {
          "limit": {"$ref": "#/components/schemas/count"},
          "count": {"$ref": "#/components/schemas/count"},
          "has_more": {"type": "boolean"},
          "next_cursor": {"type": ["string", "null"]}}}}},
  "event_stream": {"type": "string",
    "description": "Each event has an id, for Last-Event-ID, and as data an event as in event_page."}
}
})json";

} // namespace

std::string_view openapi_pull_components() {
  return pull_parts;
}

} // namespace sluice::http
