#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "db/model/error.hpp"

namespace sluice::tools {

/// Ends a measurement; its text is for the person who ran it. Thrown only
/// below `tools/bench`, caught by the command.
class bench_failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The value of a store's answer; throws `bench_failure` with the error.
template <class T>
T must(db::result<T> answer) {
  if (!answer)
    throw bench_failure(answer.error().text);
  if constexpr (!std::is_void_v<T>)
    return std::move(*answer);
}

} // namespace sluice::tools
