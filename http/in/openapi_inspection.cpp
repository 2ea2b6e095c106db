#include "http/in/openapi_schemas.hpp"

namespace sluice::http {

namespace {

constexpr char inspection_parts[] = R"json({
"parameters": {
  "item_status": {"name": "status", "in": "query",
    "schema": {"$ref": "#/components/schemas/item_status"}},
  "organization_id": {"name": "organization_id", "in": "query",
    "schema": {"$ref": "#/components/schemas/id"}},
  "older_than": {"name": "older_than", "in": "query",
    "description": "Seconds since the item was accepted, at the least.",
    "schema": {"type": "integer", "minimum": 0}},
  "after": {"name": "after", "in": "query",
    "description": "next_after of the page before.",
    "schema": {"$ref": "#/components/schemas/id"}},
  "payload": {"name": "payload", "in": "query",
    "description": "Whether the payload is shown.",
    "schema": {"enum": ["true", "false"], "default": "false"}},
  "books": {"name": "books", "in": "query",
    "description": "Whether the books are checked now, as far as there is time, or the last check is told.",
    "schema": {"enum": ["check", "last"], "default": "check"}},
  "before": {"name": "before", "in": "query",
    "description": "next_before of the page before.",
    "schema": {"type": "integer", "minimum": 1}}
},
"schemas": {
  "item_status": {"enum": ["pending", "processing", "quarantined"]},
  "item": {"type": "object",
    "required": ["id", "organization_id", "type", "status", "attempts",
      "last_error", "accepted_at", "due_at", "claimed_by", "claimed_at"],
    "properties": {
      "id": {"$ref": "#/components/schemas/id"},
      "organization_id": {"$ref": "#/components/schemas/id"},
      "type": {"type": "string"},
      "status": {"$ref": "#/components/schemas/item_status"},
      "attempts": {"$ref": "#/components/schemas/count"},
      "last_error": {"type": ["string", "null"]},
      "accepted_at": {"$ref": "#/components/schemas/time"},
      "due_at": {"$ref": "#/components/schemas/time"},
      "claimed_by": {"type": ["string", "null"]},
      "claimed_at": {"type": ["string", "null"], "format": "date-time"}}},
  "items": {"type": "object", "required": ["items", "next_after"],
    "properties": {
      "items": {"type": "array",
        "items": {"$ref": "#/components/schemas/item"}},
      "next_after": {"type": ["string", "null"], "format": "uuid"}}},
  "item_places": {"type": "object", "required": ["id", "places"],
    "properties": {
      "id": {"$ref": "#/components/schemas/id"},
      "places": {"type": "array", "minItems": 1,
        "description": "More than one only when something went wrong.",
        "items": {"type": "object",
          "required": ["status", "organization_id", "type", "dedup_id",
            "attempts", "last_error", "accepted_at", "due_at", "claimed_by",
            "holder", "claimed_at", "stored_at", "discarded_at",
            "discarded_by", "reason", "payload_bytes", "payload",
            "deliveries"],
          "properties": {
            "status": {"enum": ["queued", "processing", "quarantined",
              "stored", "discarded"]},
            "organization_id": {"$ref": "#/components/schemas/id"},
            "type": {"type": "string"},
            "dedup_id": {"type": ["string", "null"]},
            "attempts": {"$ref": "#/components/schemas/count"},
            "last_error": {"type": ["string", "null"]},
            "accepted_at": {"$ref": "#/components/schemas/time"},
            "due_at": {"type": ["string", "null"], "format": "date-time"},
            "claimed_by": {"type": ["string", "null"]},
            "holder": {"type": ["string", "null"],
              "description": "The name of the node that has it."},
            "claimed_at": {"type": ["string", "null"], "format": "date-time"},
            "stored_at": {"type": ["string", "null"], "format": "date-time"},
            "discarded_at": {"type": ["string", "null"],
              "format": "date-time"},
            "discarded_by": {"type": ["string", "null"]},
            "reason": {"type": ["string", "null"]},
            "payload_bytes": {"$ref": "#/components/schemas/count"},
            "payload": {"type": ["string", "null"],
              "description": "As it came, as one text."},
            "deliveries": {"type": "array",
              "description": "Of a stored event, as its owner sees them.",
              "items": {"$ref": "#/components/schemas/delivery"}}}}}}},
  "audit": {"type": "object", "required": ["entries", "next_before"],
    "properties": {
      "entries": {"type": "array", "items": {"type": "object",
        "required": ["position", "at", "actor", "action", "target", "reason",
          "detail"],
        "properties": {
          "position": {"type": "integer"},
          "at": {"$ref": "#/components/schemas/time"},
          "actor": {"type": "string"},
          "action": {"type": "string"},
          "target": {"type": ["string", "null"]},
          "reason": {"type": ["string", "null"]},
          "detail": {"type": ["string", "null"]}}}},
      "next_before": {"type": ["integer", "null"]}}}
}})json";

} // namespace

std::string_view openapi_inspection_components() {
  return inspection_parts;
}

} // namespace sluice::http
