#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

/// What the OpenAPI document says beyond what the route table knows.
namespace sluice::http {

/// Who is let in.
enum class route_access : std::uint8_t {
  everybody,
  /// Everybody, or the admin token only; a setting decides.
  signup,
  tenant,
  /// As `tenant`; does not count towards the limit of requests.
  tenant_unmetered,
  admin,
};

/// An answer that is no problem, and the name of its schema.
struct route_outcome {
  int status = 0;
  std::string_view schema;
};

/// A route as the document tells it. Names are those of `openapi_components`;
/// empty ones and zeros stand for nothing.
struct route_description {
  /// Method and pattern, as in the route table.
  std::string_view route;
  std::string_view operation_id;
  std::string_view tag;
  route_access who = route_access::everybody;
  std::string_view request{};
  std::array<route_outcome, 3> outcomes{};
  /// Statuses of problems beyond those that follow from the rest.
  std::array<int, 3> problems{};
  std::array<std::string_view, 5> parameters{};
};

std::span<const route_description> route_descriptions();

/// Of these, what operators do and look at.
std::span<const route_description> operator_descriptions();

/// Schemas that stand for more than JSON of their form: plain text, an array
/// that may also come as lines, and server-sent events.
inline constexpr std::string_view text_schema = "text";
inline constexpr std::string_view batch_schema = "event_batch";
inline constexpr std::string_view stream_schema = "event_stream";

/// The document's `components` as JSON: schemas, parameters, security schemes.
std::string_view openapi_components();

/// More schemas for it: those of the routes about settings.
std::string_view openapi_settings_schemas();

/// More of them, for the books, orders on items, and damage.
std::string_view openapi_recovery_schemas();

/// More of them, for what operators look at.
std::string_view openapi_inspection_components();

/// More of them, for rollbacks.
std::string_view openapi_rollback_components();
/// And of what the service tells about itself.
std::string_view openapi_diagnosis_schemas();

/// More of them, for endpoints and replays.
std::string_view openapi_endpoint_schemas();

/// More of them, for receivers who fetch, and for the log.
std::string_view openapi_pull_components();

/// More of them, for drills.
std::string_view openapi_drill_components();

} // namespace sluice::http
