#pragma once

namespace sluice::db::sqlite {

/// Puts a thin layer around the page cache of every connection that is opened
/// from now on. Before anything else of SQLite is used; without effect later.
///
/// Where SQLite balances a tree it swaps the numbers of two pages, by way of
/// the number of the locking page, the one at the offset of a gibibyte. Its
/// cache takes that for its highest page, and then, at the next COMMIT, looks
/// at every page it holds for some that lie beyond the end of the file: 0.1 to
/// 0.2 ms with 32 MiB, on one processor, while nobody else can write. This
/// layer knows that there are none. (3.40.1: `balance_nonroot`,
/// `pcache1Truncate`. https://sqlite.org/c3ref/pcache_methods2.html)
void add_page_cache_layer() noexcept;

} // namespace sluice::db::sqlite
