#include "config/nearest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "config/describe.hpp"

namespace sluice::config {

namespace {

// Longer texts are no slips of the pen, and cost time to compare.
constexpr std::size_t longest_compared = 100;

/// The texts in one spelling: `Max-Batch` and `max_batch` are the same.
std::string plain(std::string_view text) {
  std::string out(text);
  for (char &character : out) {
    if (character >= 'A' && character <= 'Z')
      character = static_cast<char>(character - 'A' + 'a');
    if (character == '-')
      character = '_';
  }
  return out;
}

std::string_view name_of(std::string_view key) {
  auto dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

/// So many changes still count as a slip.
std::size_t tolerance(std::string_view text) {
  return std::max<std::size_t>(2, text.size() / 4);
}

/// Collects candidates and keeps the nearest one.
class search {
public:
  explicit search(std::string_view wanted) : wanted_(plain(wanted)) {}

  /// A candidate that is `near_anyway` needs not be spelled like the wanted.
  void offer(const std::string &candidate, bool near_anyway = false) {
    auto steps = distance(wanted_, plain(candidate));
    if (!near_anyway && steps > tolerance(wanted_))
      return;
    // Those of the same name come first.
    std::pair rank(!near_anyway, steps);
    if (best_.empty() || rank < best_rank_) {
      best_ = candidate;
      best_rank_ = rank;
    }
  }

  const std::string &best() const { return best_; }

private:
  std::string wanted_;
  std::string best_;
  std::pair<bool, std::size_t> best_rank_;
};

} // namespace

std::size_t distance(std::string_view left, std::string_view right) {
  // Three rows of the table are enough to see a swap of neighbours.
  std::vector<std::size_t> before_last(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> current(right.size() + 1);
  for (std::size_t column = 0; column <= right.size(); ++column)
    last[column] = column;
  for (std::size_t row = 1; row <= left.size(); ++row) {
    current[0] = row;
    for (std::size_t column = 1; column <= right.size(); ++column) {
      std::size_t differ = left[row - 1] == right[column - 1] ? 0 : 1;
      current[column] = std::min({last[column] + 1, current[column - 1] + 1,
                                  last[column - 1] + differ});
      if (row > 1 && column > 1 && left[row - 1] == right[column - 2] &&
          left[row - 2] == right[column - 1])
        current[column] =
            std::min(current[column], before_last[column - 2] + 1);
    }
    before_last.swap(last);
    last.swap(current);
  }
  return last[right.size()];
}

std::string nearest_key(std::string_view key) {
  if (key.size() > longest_compared)
    return {};
  search found(key);
  for (const auto &row : descriptions())
    found.offer(std::string(row.key), plain(name_of(key)) == name_of(row.key));
  return found.best();
}

std::string nearest_section(std::string_view section) {
  if (section.size() > longest_compared)
    return {};
  search found(section);
  for (auto known : sections())
    found.offer(std::string(known));
  return found.best();
}

std::string nearest_variable(std::string_view variable) {
  if (variable.size() > longest_compared)
    return {};
  search found(variable);
  found.offer("SLUICE_CONFIG");
  for (const auto &row : descriptions())
    found.offer(environment_name(row.key));
  return found.best();
}

} // namespace sluice::config
