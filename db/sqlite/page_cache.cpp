#include "db/sqlite/page_cache.hpp"

#include <algorithm>
#include <memory>
#include <new>

#include <sqlite3.h>

namespace sluice::db::sqlite {

namespace {

constexpr unsigned first_byte_for_locks = 0x40000000;

/// SQLite's own methods, which do the work.
sqlite3_pcache_methods2 own{};

struct layered_cache {
  sqlite3_pcache *cache = nullptr;
  /// Holds the bytes that locks are taken on, so that it is never a page of a
  /// tree. Its number is lent out for a swap.
  unsigned locking_page = 0;
  /// No page beyond it is in the cache.
  unsigned highest = 0;

  void note(unsigned number) {
    if (number != locking_page)
      highest = std::max(highest, number);
  }
};

layered_cache &cache_of(sqlite3_pcache *handle) {
  return *reinterpret_cast<layered_cache *>(handle);
}

sqlite3_pcache *create(int page_size, int extra_size, int is_purgeable) {
  auto number = first_byte_for_locks / static_cast<unsigned>(page_size) + 1;
  std::unique_ptr<layered_cache> made(new (std::nothrow) layered_cache);
  if (!made)
    return nullptr;
  made->locking_page = number;
  made->cache = own.xCreate(page_size, extra_size, is_purgeable);
  if (made->cache == nullptr)
    return nullptr;
  return reinterpret_cast<sqlite3_pcache *>(made.release());
}

void resize(sqlite3_pcache *handle, int pages) {
  own.xCachesize(cache_of(handle).cache, pages);
}

int count(sqlite3_pcache *handle) {
  return own.xPagecount(cache_of(handle).cache);
}

sqlite3_pcache_page *fetch(sqlite3_pcache *handle, unsigned number,
                           int may_create) {
  auto &self = cache_of(handle);
  auto *page = own.xFetch(self.cache, number, may_create);
  if (page != nullptr)
    self.note(number);
  return page;
}

void unpin(sqlite3_pcache *handle, sqlite3_pcache_page *page, int discard) {
  own.xUnpin(cache_of(handle).cache, page, discard);
}

void renumber(sqlite3_pcache *handle, sqlite3_pcache_page *page, unsigned from,
              unsigned to) {
  auto &self = cache_of(handle);
  own.xRekey(self.cache, page, from, to);
  self.note(to);
}

/// Drops the pages from `first` on.
void truncate(sqlite3_pcache *handle, unsigned first) {
  auto &self = cache_of(handle);
  if (first > self.highest)
    return;
  own.xTruncate(self.cache, first);
  self.highest = first == 0 ? 0 : first - 1;
}

void destroy(sqlite3_pcache *handle) {
  std::unique_ptr<layered_cache> self(&cache_of(handle));
  own.xDestroy(self->cache);
}

void shrink(sqlite3_pcache *handle) {
  own.xShrink(cache_of(handle).cache);
}

} // namespace

void add_page_cache_layer() noexcept {
  sqlite3_pcache_methods2 found{};
  if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &found) != SQLITE_OK ||
      found.xCreate == create)
    return;
  own = found;
  sqlite3_pcache_methods2 layered{};
  layered.iVersion = own.iVersion;
  layered.pArg = own.pArg;
  layered.xInit = own.xInit;
  layered.xShutdown = own.xShutdown;
  layered.xCreate = create;
  layered.xCachesize = resize;
  layered.xPagecount = count;
  layered.xFetch = fetch;
  layered.xUnpin = unpin;
  layered.xRekey = renumber;
  layered.xTruncate = truncate;
  layered.xDestroy = destroy;
  layered.xShrink = shrink;
  sqlite3_config(SQLITE_CONFIG_PCACHE2, &layered);
}

} // namespace sluice::db::sqlite
