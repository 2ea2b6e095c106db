#include "db/model/ledger.hpp"

namespace sluice::db {

std::string_view to_string(ledger_fault::kind what) {
  switch (what) {
  case ledger_fault::kind::missing:
    return "missing";
  case ledger_fault::kind::surplus:
    return "surplus";
  case ledger_fault::kind::doubled:
    return "doubled";
  }
  return "missing";
}

} // namespace sluice::db
