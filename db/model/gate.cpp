#include "db/model/gate.hpp"

#include <array>

namespace sluice::db {

namespace {

template <class Mode, std::size_t Count>
std::optional<Mode> parse(std::string_view text,
                          const std::array<Mode, Count> &all) {
  for (auto mode : all)
    if (to_string(mode) == text)
      return mode;
  return std::nullopt;
}

} // namespace

std::string_view to_string(ingest_mode mode) {
  switch (mode) {
  case ingest_mode::async:
    return "async";
  case ingest_mode::sync:
    return "sync";
  case ingest_mode::reject:
    return "reject";
  }
  return "async";
}

std::string_view to_string(processing_mode mode) {
  switch (mode) {
  case processing_mode::running:
    return "running";
  case processing_mode::paused:
    return "paused";
  case processing_mode::draining:
    return "draining";
  case processing_mode::drained:
    return "drained";
  }
  return "running";
}

std::string_view to_string(delivery_mode mode) {
  switch (mode) {
  case delivery_mode::running:
    return "running";
  case delivery_mode::paused:
    return "paused";
  }
  return "running";
}

std::optional<ingest_mode> parse_ingest_mode(std::string_view text) {
  using enum ingest_mode;
  return parse(text, std::array{async, sync, reject});
}

std::optional<processing_mode> parse_processing_mode(std::string_view text) {
  using enum processing_mode;
  return parse(text, std::array{running, paused, draining, drained});
}

std::optional<delivery_mode> parse_delivery_mode(std::string_view text) {
  using enum delivery_mode;
  return parse(text, std::array{running, paused});
}

} // namespace sluice::db
