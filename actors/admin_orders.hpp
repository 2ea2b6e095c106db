#pragma once

#include <functional>
#include <string>

/// The port through which operators' commands leave the actors: they come in
/// over the actor network and are carried out by whoever is behind the
/// function.
namespace sluice::actors {

/// What an operator wants done, in the words of the routes below `/admin/v1`.
struct admin_order {
  /// Who gives it, for the audit log.
  std::string operator_name;
  /// `GET` or `POST`.
  std::string method;
  std::string path;
  /// JSON, or empty.
  std::string body;
};

struct admin_answer {
  /// As of HTTP.
  int status = 0;
  /// JSON; a problem document unless the status is 2xx.
  std::string body;
};

/// Carries an order out and says what became of it. Called from any thread,
/// several at once; may block within deadlines of its own, does not throw.
using admin_orders = std::function<admin_answer(const admin_order &)>;

} // namespace sluice::actors
