#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace sluice::http {

/// A map of at most `capacity` entries that forgets the one that was used
/// longest ago. Not thread-safe.
template <class Key, class Value, class Hash = std::hash<Key>>
class lru_map {
public:
  explicit lru_map(std::size_t capacity) : capacity_(capacity) {}

  /// Null when it is absent; otherwise it is now the last used. Valid until
  /// the next change.
  Value *find(const Key &key) {
    auto found = index_.find(key);
    if (found == index_.end())
      return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  /// Adds or replaces. Valid until the next change; null with no capacity.
  Value *put(const Key &key, Value value) {
    erase(key);
    if (capacity_ == 0)
      return nullptr;
    if (index_.size() >= capacity_)
      erase(Key(entries_.back().first));
    entries_.emplace_front(key, std::move(value));
    index_.emplace(key, entries_.begin());
    return &entries_.front().second;
  }

  void erase(const Key &key) {
    auto found = index_.find(key);
    if (found == index_.end())
      return;
    entries_.erase(found->second);
    index_.erase(found);
  }

  template <class Predicate>
  void erase_if(Predicate is_gone) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (is_gone(entry->second))
        erase(Key(entry->first));
      entry = next;
    }
  }

  std::size_t size() const { return index_.size(); }

private:
  using entries = std::list<std::pair<Key, Value>>;

  std::size_t capacity_;
  entries entries_;
  std::unordered_map<Key, typename entries::iterator, Hash> index_;
};

} // namespace sluice::http
