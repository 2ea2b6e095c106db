#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What may be told to everybody of a store's failure. What a database says
/// may name hosts, users and folders, so it stays with operators and the log;
/// these words say what is to be done all the same. Pure.
namespace sluice::http {

enum class store_trouble : std::uint8_t {
  /// The text names none of the others.
  unknown,
  /// It takes no changes.
  read_only,
  /// Another program holds a lock that a change needs.
  locked,
  /// There is no room left.
  full,
  /// The disk fails.
  failing,
};

store_trouble trouble_in(std::string_view failure);

/// `the disk is full`; empty for `unknown`.
std::string_view to_words(store_trouble what);

/// Whether the failure is one of changes, while the store can be read.
bool is_of_changes(std::string_view failure);

/// `can't be written: the disk is full`.
std::string public_words(std::string_view failure);

} // namespace sluice::http
