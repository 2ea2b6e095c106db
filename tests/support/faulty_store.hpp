#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "db/store.hpp"

namespace sluice::tests {

/// A failure that is to happen.
struct planned_fault {
  enum class moment {
    /// Instead of the call: nothing happens.
    before_effect,
    /// After the call has taken effect: only its answer is lost.
    after_effect,
  };

  /// The method's name as in `db::store`, or `connect`; empty for any method
  /// of `db::store`.
  std::string method{};
  /// Which of the calls that match, counted from now, from 1.
  int call = 1;
  /// How many calls in a row fail from there; -1: all.
  int times = 1;
  moment when = moment::before_effect;
  db::errc code = db::errc::unavailable;
};

/// Decides which calls fail, and counts all. Shared by the sessions of a
/// faulty source. Thread-safe.
class fault_plan {
public:
  void add(planned_fault fault);
  /// Drops the faults that have not happened.
  void clear();
  /// Calls of that method so far, failed ones included; of all with "".
  int calls(const std::string &method = "") const;
  /// Faults that have happened.
  int faults() const;

  /// The next calls of that method hang, before their effect, until `let_go`.
  void hold(const std::string &method, int times = 1);
  /// How many do.
  int holding() const;
  void let_go();

  /// Counts the call and says whether it is to fail.
  std::optional<planned_fault> next(const std::string &method);

private:
  struct entry {
    planned_fault fault;
    int seen = 0;
  };

  mutable std::mutex mutex_;
  std::vector<entry> entries_;
  std::vector<std::pair<std::string, int>> calls_;
  int faults_ = 0;
  std::condition_variable let_go_;
  std::string to_hold_;
  int left_to_hold_ = 0;
  int holding_ = 0;
  int times_let_go_ = 0;
};

/// A source whose sessions fail as planned and do what `inner`'s do
/// otherwise. A session that answered `unavailable` or `in_doubt` is spent,
/// as a real one. After `accept`, `change_gate` or `change_overrides` failed
/// `in_doubt`, `resolve` of any session tells what happened, as a real one.
class faulty_source : public db::store_source {
public:
  explicit faulty_source(std::shared_ptr<db::store_source> inner);

  /// For planning faults; lives as long as the source or a session of it.
  fault_plan &plan() { return *plan_; }

  db::result<std::unique_ptr<db::store>> connect(db::purpose what_for) override;
  db::result<db::schema_state> schema() override { return inner_->schema(); }
  db::result<int> migrate() override { return inner_->migrate(); }
  std::string describe() const override { return inner_->describe(); }

private:
  std::shared_ptr<db::store_source> inner_;
  std::shared_ptr<fault_plan> plan_;
};

} // namespace sluice::tests
