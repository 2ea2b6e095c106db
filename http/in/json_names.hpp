#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::http {

/// The member names of all objects of one document, to find the name that an
/// object has twice. Names are compared by what they stand for, not by how
/// they are escaped. Hashing is keyed with a secret of this process, so that
/// nobody can choose names that collide.
class json_names {
public:
  /// Forgets all names; keeps the memory.
  void clear();

  /// Adds a name to the object with this number. `inside` is the name's text
  /// between its quotes and must outlive the set. Returns false when the
  /// object has the name already.
  bool insert(std::uint32_t object, std::string_view inside, bool has_escapes);

private:
  struct entry {
    std::uint64_t hash;
    std::string_view inside;
    std::uint32_t object;
    bool has_escapes;
  };

  bool is_same(const entry &left, const entry &right) const;
  void grow();

  std::vector<entry> entries_;
  /// Open addressing: the number of an entry plus one; 0 is free. The size is
  /// a power of two, at least twice the number of entries.
  std::vector<std::uint32_t> slots_;
};

} // namespace sluice::http
