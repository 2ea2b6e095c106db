#include "db/model/error.hpp"

namespace sluice::db {

std::string_view to_string(errc code) {
  switch (code) {
  case errc::unavailable:
    return "unavailable";
  case errc::in_doubt:
    return "in_doubt";
  case errc::conflict:
    return "conflict";
  case errc::rejected:
    return "rejected";
  case errc::schema:
    return "schema";
  case errc::locked:
    return "locked";
  case errc::closed:
    return "closed";
  }
  return "unknown";
}

} // namespace sluice::db
