#pragma once

#include <cstdint>
#include <string>

#include "http/in/routes/admin.hpp"

/// The record of operators' orders that change nothing in the store, so that
/// no method of the store writes it.
namespace sluice::http {

/// An order that stands in `audit_log` before it is carried out.
class noted_act {
public:
  /// Writes the entry; fails as the store does.
  static db::result<noted_act> begin(service &shared, db::act_note note);

  /// As `begin`. While the database is away the order is not held up: nothing
  /// but the service's log tells of it then.
  static noted_act begin_or_log(service &shared, const db::act_note &note);

  /// Adds what came of it. In vain while the database is away.
  void end(const std::string &outcome) const;

  bool is_in_log() const { return position_ != 0; }

private:
  noted_act(service &shared, std::int64_t position)
      : shared_(&shared), position_(position) {}

  service *shared_;
  std::int64_t position_;
};

} // namespace sluice::http
