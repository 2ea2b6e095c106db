#pragma once

struct sqlite3_file;

namespace sluice::db::sqlite {

/// The name of a VFS that is as the default one, but that the frames of a WAL
/// can be written together (https://sqlite.org/vfs.html), see below. For the
/// connection that writes. Throws `SQLite::Exception`.
const char *wal_vfs();

/// Has the kernel begin to write to the disk what it has of the WAL, so that
/// the next fsync finds less to do. Waits for a place in the disk's queue at
/// the most, and proves nothing: a failure is told by the next fsync. `wal` is
/// as below. From any thread.
void begin_writing_to_disk(sqlite3_file *wal) noexcept;

/// While it lives, what is appended to the WAL reaches the kernel in few large
/// writes instead of in two for each page. Around a COMMIT, and no more: the
/// last write is made, and its failure told, where SQLite writes the last page
/// of the transaction, so, as ever, before any other connection can learn of
/// the commit, and before an fsync that is to cover it. Whatever a COMMIT that
/// failed has left is dropped.
///
/// By the thread that the connection belongs to. Others may call the file's
/// `xSync` meanwhile.
class gathered_writes {
public:
  /// `wal`: the file behind the connection's SQLITE_FCNTL_JOURNAL_POINTER. One
  /// that is null, or of another VFS, is written to as ever.
  explicit gathered_writes(sqlite3_file *wal);
  gathered_writes(const gathered_writes &) = delete;
  gathered_writes &operator=(const gathered_writes &) = delete;
  ~gathered_writes();

private:
  sqlite3_file *wal_;
};

} // namespace sluice::db::sqlite
