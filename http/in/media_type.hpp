#pragma once

#include <cstdint>

#include <tl/expected.hpp>

#include "http/in/problem.hpp"

namespace sluice::http {

enum class media_type : std::uint8_t { json, ndjson };

/// The type of a request's body: `application/json`, with or without
/// `charset=utf-8`, and where `takes_lines` also `application/x-ndjson`. All
/// else is a 415: no type, several, other parameters, a content coding.
tl::expected<media_type, problem> body_type(const request &in,
                                            bool takes_lines = false);

} // namespace sluice::http
