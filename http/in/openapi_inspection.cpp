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
  "before": {"name": "before", "in": "query",
    "description": "next_before of the page before.",
    "schema": {"type": "integer", "minimum": 1}}
},
"schemas": {
  "item_status": {"enum": ["pending", "processing", "quarantined"]},
  "items": {"type": "object", "required": ["items", "next_after"],
    "properties": {
      "items": {"type": "array", "items": {"type": "object",
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
          "claimed_at": {"type": ["string", "null"], "format": "date-time"}}}},
      "next_after": {"type": ["string", "null"], "format": "uuid"}}},
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
