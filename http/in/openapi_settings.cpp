#include "http/in/openapi_schemas.hpp"

namespace sluice::http {

namespace {

constexpr char settings_parts[] = R"json({
  "settings": {"type": "object",
    "required": ["version", "settings", "overrides", "waiting_for_restart",
      "file"],
    "properties": {
      "version": {"type": "integer", "description": "Of the overrides."},
      "settings": {"type": "array", "items": {"type": "object",
        "required": ["key", "value", "change", "source", "where",
          "overridden_by", "after_restart"],
        "properties": {
          "key": {"type": "string"}, "value": {"type": "string"},
          "change": {"enum": ["hot", "restart"]},
          "source": {"enum": ["default", "file", "environment", "--set",
            "override"]},
          "where": {"type": "string", "description": "The file's line, or the variable."},
          "overridden_by": {"type": ["string", "null"]},
          "after_restart": {"type": ["string", "null"],
            "description": "Its value then, if it is another."}}}},
      "overrides": {"type": "array", "items": {"type": "object",
        "required": ["key", "value", "changed_by", "reason", "changed_at",
          "skipped"],
        "properties": {
          "key": {"type": "string"}, "value": {"type": "string"},
          "changed_by": {"type": "string"}, "reason": {"type": "string"},
          "changed_at": {"type": ["string", "null"], "format": "date-time"},
          "skipped": {"type": ["string", "null"],
            "description": "Why it does not hold."}}}},
      "waiting_for_restart": {"type": "array", "items": {"type": "string"}},
      "file": {"$ref": "#/components/schemas/settings_file"}}},
  "settings_file": {"type": "object",
    "required": ["path", "loaded_at", "faults", "changed_at", "last_changes"],
    "properties": {
      "path": {"type": ["string", "null"]},
      "loaded_at": {"type": ["string", "null"], "format": "date-time"},
      "faults": {"type": "array", "items": {"type": "string"},
        "description": "Why it can't be used as it is now."},
      "changed_at": {"type": ["string", "null"], "format": "date-time"},
      "last_changes": {"type": "array",
        "items": {"$ref": "#/components/schemas/changed_setting"}}}},
  "changed_setting": {"type": "object",
    "required": ["key", "effect", "before", "after", "where"],
    "properties": {
      "key": {"type": "string"},
      "effect": {"enum": ["applied", "restart", "outranked"]},
      "before": {"type": ["string", "null"]},
      "after": {"type": ["string", "null"]},
      "where": {"type": "string"}}},
  "reloaded_settings": {"type": "object",
    "required": ["changes", "waiting_for_restart", "file"],
    "properties": {
      "changes": {"type": "array",
        "items": {"$ref": "#/components/schemas/changed_setting"}},
      "waiting_for_restart": {"type": "array", "items": {"type": "string"}},
      "file": {"$ref": "#/components/schemas/settings_file"}}},
  "settings_request": {"type": "object", "additionalProperties": false,
    "description": "One of set and unset at least.",
    "properties": {
      "set": {"type": "array", "minItems": 1, "maxItems": 100,
        "items": {"type": "string", "description": "key=value"}},
      "unset": {"type": "array", "minItems": 1, "maxItems": 100,
        "items": {"type": "string"}},
      "dry_run": {"$ref": "#/components/schemas/dry_run"},
      "actor": {"$ref": "#/components/schemas/actor"},
      "reason": {"$ref": "#/components/schemas/reason"}}},
  "changed_settings": {"oneOf": [
    {"$ref": "#/components/schemas/settings"},
    {"type": "object", "required": ["dry_run", "changes"],
      "description": "Of a dry run.",
      "properties": {
        "dry_run": {"const": true},
        "changes": {"type": "array",
          "items": {"$ref": "#/components/schemas/changed_setting"}}}}]}
})json";

} // namespace

std::string_view openapi_settings_schemas() {
  return settings_parts;
}

} // namespace sluice::http
