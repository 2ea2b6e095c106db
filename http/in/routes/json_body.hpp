#pragma once

#include <cstdint>

#include <tl/expected.hpp>

#include "http/in/json_scan.hpp"
#include "http/in/problem.hpp"

namespace sluice::http {

/// Whether a request may come without a body, which then counts as `{}`.
enum class body_rule : std::uint8_t { required, optional };

/// Scans a request's body: its media type, and that it is JSON. The document
/// lives as long as the scanner is not used again.
tl::expected<json_document, problem>
scan_body(const request &in, json_scanner &scanner,
          body_rule rule = body_rule::required);

/// A body that says nothing, if there is one: for requests that only ask.
tl::expected<void, problem> expect_no_fields(const request &in);

} // namespace sluice::http
