#include "http/in/openapi_schemas.hpp"

namespace sluice::http {

namespace {

constexpr char diagnosis_parts[] = R"json({
  "counts": {"type": "object",
    "description": "Of this node since it started; rates are differences.",
    "required": ["at", "accepted", "created", "stored", "retried",
      "quarantined", "rescued", "lost_claims", "restarts", "workers",
      "cpu_seconds"],
    "properties": {
      "at": {"$ref": "#/components/schemas/time"},
      "accepted": {"$ref": "#/components/schemas/count"},
      "created": {"$ref": "#/components/schemas/count"},
      "stored": {"$ref": "#/components/schemas/count"},
      "retried": {"$ref": "#/components/schemas/count"},
      "quarantined": {"$ref": "#/components/schemas/count"},
      "rescued": {"$ref": "#/components/schemas/count"},
      "lost_claims": {"$ref": "#/components/schemas/count"},
      "restarts": {"$ref": "#/components/schemas/count"},
      "workers": {"type": "object", "required": ["busy", "all"],
        "properties": {
          "busy": {"$ref": "#/components/schemas/count"},
          "all": {"$ref": "#/components/schemas/count"}}},
      "cpu_seconds": {"type": "number"}}},
  "diagnosis": {"type": "object",
    "required": ["store", "store_error", "disk", "node", "version",
      "database_error", "quarantined", "openssl", "process", "machine", "at"],
    "properties": {
      "store": {"type": ["object", "null"],
        "description": "Null when it could not be looked at; store_error says why.",
        "required": ["engine", "version", "version_number", "place", "schema",
          "connect_ms", "round_trip_ms", "clock_ahead_ms", "tables",
          "postgres", "sqlite"],
        "properties": {
          "engine": {"enum": ["sqlite", "postgresql"]},
          "version": {"type": "string"},
          "version_number": {"type": "integer"},
          "place": {"type": "string"},
          "schema": {"type": "object", "required": ["found", "known"],
            "properties": {"found": {"type": "integer"},
              "known": {"type": "integer"}}},
          "connect_ms": {"type": "number"},
          "round_trip_ms": {"type": "number"},
          "clock_ahead_ms": {"type": ["number", "null"],
            "description": "The database's clock before this machine's."},
          "tables": {"type": ["object", "null"],
            "description": "Null when the schema is of another version."},
          "postgres": {"type": ["object", "null"]},
          "sqlite": {"type": ["object", "null"]}}},
      "store_error": {"type": ["string", "null"]},
      "disk": {"type": ["object", "null"],
        "description": "Where the store's data is; null if not on this machine.",
        "required": ["folder", "free_bytes", "total_bytes"],
        "properties": {
          "folder": {"type": "string"},
          "free_bytes": {"type": "integer"},
          "total_bytes": {"type": "integer"}}},
      "node": {"type": "string"},
      "version": {"type": "string"},
      "database_error": {"type": ["string", "null"],
        "description": "In the database's own words."},
      "quarantined": {"$ref": "#/components/schemas/count"},
      "openssl": {"type": "string"},
      "process": {"type": "object",
        "required": ["id", "uptime_seconds", "cpu_seconds", "resident_bytes",
          "threads", "open_files", "most_open_files"],
        "properties": {
          "id": {"type": "integer"},
          "uptime_seconds": {"type": "number"},
          "cpu_seconds": {"type": "number"},
          "resident_bytes": {"type": "integer"},
          "threads": {"type": "integer"},
          "open_files": {"type": "integer"},
          "most_open_files": {"type": "integer"}}},
      "machine": {"type": "object",
        "required": ["cores", "load", "memory_bytes", "available_bytes"],
        "properties": {
          "cores": {"type": "integer"},
          "load": {"type": "number"},
          "memory_bytes": {"type": "integer"},
          "available_bytes": {"type": "integer"}}},
      "at": {"$ref": "#/components/schemas/time"}}}
})json";

} // namespace

std::string_view openapi_diagnosis_schemas() {
  return diagnosis_parts;
}

} // namespace sluice::http
