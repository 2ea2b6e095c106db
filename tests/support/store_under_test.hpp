#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "db/store.hpp"
#include "tests/support/factories.hpp"

namespace sluice::tests {

/// How a store is opened for a test.
struct store_settings {
  /// Off: the database is there, its schema is not.
  bool is_migrated = true;
  /// Off: the store takes the time from where it does in production.
  bool has_manual_clock = true;
  std::chrono::milliseconds call_timeout{5000};
};

/// A store on a database of its own, which goes with the object, and a side
/// door to that database for what an operator or a checker does.
class store_under_test {
public:
  explicit store_under_test(store_settings settings) : settings_(settings) {}
  store_under_test(const store_under_test &) = delete;
  store_under_test &operator=(const store_under_test &) = delete;
  virtual ~store_under_test() = default;

  virtual std::string_view name() const = 0;
  /// Runs SQL beside the store; throws when the database refuses.
  virtual void execute(const std::string &sql) = 0;
  /// The number that SQL returns.
  virtual long count(const std::string &sql) = 0;
  /// A time as it stands in SQL.
  virtual std::string literal(db::timestamp at) const = 0;

  manual_clock &clock() { return clock_; }
  /// By which it can be opened a second time.
  const std::string &url() const { return url_; }
  const std::shared_ptr<db::store_source> &source() { return source_; }
  /// A new session; throws when it can't be had.
  std::unique_ptr<db::store> connect(db::purpose what_for = db::purpose::work);
  /// Ends the source, as the end of a process does, and opens it anew. The
  /// caller ends its sessions first.
  void reopen();

protected:
  void open(const std::string &url);

private:
  store_settings settings_;
  std::string url_;
  manual_clock clock_;
  std::shared_ptr<db::store_source> source_;
};

/// The stores that can be tested here: `sqlite`, and `postgres` when the
/// environment variable SLUICE_TEST_POSTGRES holds the URI of a superuser's
/// connection to a scratch cluster. Says on standard error, once, when
/// PostgreSQL is left out.
const std::vector<std::string> &available_stores();

/// Opens one of them.
std::unique_ptr<store_under_test> make_store(const std::string &name,
                                             store_settings settings = {});

/// The value of a result that has to be one; throws with the error's text.
template <class T>
T value_of(db::result<T> answer) {
  if (!answer)
    throw std::runtime_error(std::string(to_string(answer.error().code)) +
                             ": " + answer.error().text);
  return std::move(*answer);
}
void value_of(const db::result<void> &answer);

} // namespace sluice::tests
