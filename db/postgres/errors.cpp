#include "db/postgres/errors.hpp"

#include <array>

#include <pqxx/except>

namespace sluice::db::postgres {

namespace {

// The administrator or a crash ends the session: the message may also arrive
// when COMMIT has done its work and only the answer is missing.
bool ends_session(std::string_view state) {
  return state.starts_with("57P") || state.starts_with("08") ||
         state.starts_with("25P") || state.starts_with("XX");
}

// These classes quote the offending value in their message.
bool quotes_data(std::string_view state) {
  return state.starts_with("22") || state.starts_with("54");
}

fault sort_sql(const pqxx::sql_error &problem) {
  const auto &state = problem.sqlstate();
  return {sort_sqlstate(state), refusal_text(state, problem.what()),
          // Without a state it is libpq that speaks, not the server.
          !state.empty() && !ends_session(state)};
}

} // namespace

errc sort_sqlstate(std::string_view state) {
  if (state == "55P03" || state.starts_with("40"))
    return errc::conflict;
  // P0001 is a trigger of the operator's that raises an exception.
  constexpr std::array refused{"22", "23", "54", "P0001"};
  for (const auto *prefix : refused)
    if (state.starts_with(prefix))
      return errc::rejected;
  constexpr std::array foreign{"42P01", "42703", "3F000"};
  for (const auto *code : foreign)
    if (state == code)
      return errc::schema;
  return errc::unavailable;
}

fault sort_current_exception() {
  try {
    throw;
  } catch (const refusal &problem) {
    return {problem.code, problem.what(), true, problem.retry_after};
  } catch (const pqxx::sql_error &problem) {
    return sort_sql(problem);
  } catch (const pqxx::statement_completion_unknown &problem) {
    return {errc::unavailable, one_line(problem.what()), false};
  } catch (const pqxx::transaction_rollback &problem) {
    return {errc::conflict, one_line(problem.what()), true};
  } catch (const pqxx::failure &problem) {
    return {errc::unavailable, one_line(problem.what()), false};
  } catch (const std::exception &) {
    // An answer of another shape than ours, or no memory. Its text may quote
    // the value that could not be read.
    return {errc::unavailable, "the answer could not be read", false};
  }
}

std::string refusal_text(std::string_view state, std::string_view message) {
  auto text = quotes_data(state) ? std::string("the data was refused")
                                 : one_line(message);
  return text.append(" (SQLSTATE ").append(state).append(")");
}

std::string one_line(std::string_view text) {
  constexpr std::size_t longest = 300;
  std::string line;
  for (auto letter : text.substr(0, longest)) {
    auto is_plain = static_cast<unsigned char>(letter) >= ' ' && letter != 127;
    if (is_plain)
      line += letter;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (!line.empty() && line.back() == ' ')
    line.pop_back();
  return line;
}

} // namespace sluice::db::postgres
