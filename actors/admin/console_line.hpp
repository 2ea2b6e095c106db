#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "actors/admin/identity.hpp"
#include "actors/admin_orders.hpp"

namespace sluice::actors {

/// Why a console could not do its work.
struct line_failure {
  enum class kind : std::uint8_t {
    unreachable,
    unauthorised,
    /// The service is of another version.
    other_version,
    timed_out,
  };
  kind what = kind::unreachable;
  /// One line for operators.
  std::string text{};
};

template <class T>
using line_result = tl::expected<T, line_failure>;

struct line_options {
  /// `host:port` of an admin port.
  std::string address;
  /// The operator's; good, as far as `check` can tell.
  identity own;
  /// This program's version, which has to be the service's.
  std::string version;
  std::chrono::milliseconds connect_limit{5'000};
};

/// A console's line to the admin port of one node. The actor network takes one
/// such line from a process, so there may be one at a time. One thread at a
/// time. The header shows no CAF.
class console_line {
public:
  /// Connects, and compares versions. Never takes longer than four times
  /// `connect_limit`; after `timed_out` a thread may be left that still tries:
  /// the process should end soon.
  static line_result<std::unique_ptr<console_line>>
  open(const line_options &options);

  ~console_line();
  console_line(const console_line &) = delete;
  console_line &operator=(const console_line &) = delete;

  /// The name of the node at the other end.
  const std::string &node() const;

  /// Has an order carried out. After `timed_out` nobody knows whether it was.
  line_result<admin_answer> send(const admin_order &order,
                                 std::chrono::milliseconds limit);

private:
  class impl;
  explicit console_line(std::unique_ptr<impl> connected);
  static line_result<std::unique_ptr<impl>>
  connect_twice(const line_options &options);
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::actors
