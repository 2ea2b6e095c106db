#pragma once

#include <string>

#include "db/model/event_log.hpp"
#include "db/model/inbox.hpp"

/// Events as JSON, wherever they are shown.
namespace sluice::http {

/// `{"id":...,"type":...,"payload":...,...}`; the payload's bytes are not
/// changed.
std::string to_json(const db::log_entry &event);

/// The same with the delivery's `status` and `attempts`.
std::string to_json(const db::inbox_entry &event);

} // namespace sluice::http
