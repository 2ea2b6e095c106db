#include "db/sqlite/wal_vfs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "db/sqlite/wal_file.hpp"

namespace sluice::db::sqlite {

namespace {

// https://sqlite.org/fileformat2.html, section 4.1
constexpr std::size_t place_of_commit_mark = 4;
constexpr std::size_t commit_mark_size = 4;
// More than this the default VFS does not take in one call (os_unix.c,
// seekAndWriteFd).
constexpr std::size_t most_of_a_write = 0x1ffff;
constexpr std::size_t most_that_gathers = 1 << 20;
// Below 100 they belong to SQLite.
constexpr int begin_to_gather = 7101;
constexpr int stop_gathering = 7102;
constexpr int write_to_disk = 7103;

/// Whether the frame with this header ends a transaction.
bool ends_transaction(const char *header) {
  return std::any_of(header + place_of_commit_mark,
                     header + place_of_commit_mark + commit_mark_size,
                     [](char byte) { return byte != 0; });
}

/// What has been written to a WAL, but not been given to the kernel yet.
class frames {
public:
  explicit frames(sqlite3_file *file) : file_(file) {}

  void begin() { is_gathering_ = true; }

  /// After a COMMIT that went well nothing waits any more.
  void stop() {
    is_gathering_ = false;
    is_expecting_page_ = false;
    gathered_.clear();
  }

  int write(const char *bytes, int size, sqlite3_int64 at) {
    if (!is_gathering_)
      return pass_on(bytes, size, at);
    bool goes_on = !gathered_.empty() && at == end();
    if (goes_on && is_expecting_page_)
      return add_page(bytes, size);
    if (!goes_on)
      if (int code = flush(); code != SQLITE_OK)
        return code;
    if (size == wal_frame_header_size && (goes_on || at >= written_to_))
      return add_header(bytes, at);
    if (int code = flush(); code != SQLITE_OK)
      return code;
    return pass_on(bytes, size, at);
  }

  int flush() {
    is_expecting_page_ = false;
    if (gathered_.empty())
      return SQLITE_OK;
    int code = SQLITE_OK;
    for (std::size_t at = 0; at < gathered_.size() && code == SQLITE_OK;) {
      auto size = std::min(gathered_.size() - at, most_of_a_write);
      code = pass_on(gathered_.data() + at, static_cast<int>(size),
                     begin_ + static_cast<sqlite3_int64>(at));
      at += size;
    }
    gathered_.clear();
    return code;
  }

private:
  sqlite3_int64 end() const {
    return begin_ + static_cast<sqlite3_int64>(gathered_.size());
  }

  int add_header(const char *bytes, sqlite3_int64 at) {
    if (gathered_.empty())
      begin_ = at;
    gathered_.insert(gathered_.end(), bytes, bytes + wal_frame_header_size);
    is_expecting_page_ = true;
    is_last_ = ends_transaction(bytes);
    return SQLITE_OK;
  }

  int add_page(const char *bytes, int size) {
    is_expecting_page_ = false;
    gathered_.insert(gathered_.end(), bytes, bytes + size);
    return is_last_ || gathered_.size() >= most_that_gathers ? flush()
                                                             : SQLITE_OK;
  }

  int pass_on(const char *bytes, int size, sqlite3_int64 at) {
    // A WAL that begins anew is written over from its start.
    written_to_ = at == 0 ? size : std::max(written_to_, at + size);
    return file_->pMethods->xWrite(file_, bytes, size, at);
  }

  sqlite3_file *file_;
  std::vector<char> gathered_;
  sqlite3_int64 begin_ = 0;
  /// Where the frames of this round through the file end. Only what is added
  /// there waits; a frame that is changed afterwards does not.
  sqlite3_int64 written_to_ = 0;
  bool is_gathering_ = false;
  bool is_expecting_page_ = false;
  bool is_last_ = false;
};

/// SQLite's handle of a WAL; the default VFS's own lies behind it.
struct wal_handle : sqlite3_file {
  sqlite3_file *inner;
  frames *waiting;
  /// Our own of the same file, because nobody tells the default VFS's; -1:
  /// none.
  int descriptor;
};

constexpr std::size_t place_of_inner =
    (sizeof(wal_handle) + alignof(std::max_align_t) - 1) /
    alignof(std::max_align_t) * alignof(std::max_align_t);

wal_handle &wal_of(sqlite3_file *file) {
  return *static_cast<wal_handle *>(file);
}

int close_wal(sqlite3_file *file) {
  auto &wal = wal_of(file);
  delete wal.waiting;
  wal.waiting = nullptr;
  if (wal.descriptor >= 0)
    ::close(wal.descriptor);
  return wal.inner->pMethods->xClose(wal.inner);
}

int read_wal(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at) {
  auto &wal = wal_of(file);
  if (int code = wal.waiting->flush(); code != SQLITE_OK)
    return code;
  return wal.inner->pMethods->xRead(wal.inner, bytes, size, at);
}

int write_wal(sqlite3_file *file, const void *bytes, int size,
              sqlite3_int64 at) try {
  return wal_of(file).waiting->write(static_cast<const char *>(bytes), size,
                                     at);
} catch (const std::bad_alloc &) {
  return SQLITE_IOERR_NOMEM;
}

int truncate_wal(sqlite3_file *file, sqlite3_int64 size) {
  auto &wal = wal_of(file);
  if (int code = wal.waiting->flush(); code != SQLITE_OK)
    return code;
  return wal.inner->pMethods->xTruncate(wal.inner, size);
}

/// From any thread. What waits is of a COMMIT that is not over.
int sync_wal(sqlite3_file *file, int flags) {
  auto &wal = wal_of(file);
  return wal.inner->pMethods->xSync(wal.inner, flags);
}

int size_of_wal(sqlite3_file *file, sqlite3_int64 *size) {
  auto &wal = wal_of(file);
  if (int code = wal.waiting->flush(); code != SQLITE_OK)
    return code;
  return wal.inner->pMethods->xFileSize(wal.inner, size);
}

int lock_wal(sqlite3_file *file, int level) {
  auto &wal = wal_of(file);
  return wal.inner->pMethods->xLock(wal.inner, level);
}

int unlock_wal(sqlite3_file *file, int level) {
  auto &wal = wal_of(file);
  return wal.inner->pMethods->xUnlock(wal.inner, level);
}

int is_wal_locked(sqlite3_file *file, int *answer) {
  auto &wal = wal_of(file);
  return wal.inner->pMethods->xCheckReservedLock(wal.inner, answer);
}

int control_wal(sqlite3_file *file, int operation, void *argument) {
  auto &wal = wal_of(file);
  // From any thread.
  if (operation == write_to_disk) {
    if (wal.descriptor >= 0)
      ::sync_file_range(wal.descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
    return SQLITE_OK;
  }
  if (operation == begin_to_gather || operation == stop_gathering) {
    if (operation == begin_to_gather)
      wal.waiting->begin();
    else
      wal.waiting->stop();
    return SQLITE_OK;
  }
  return wal.inner->pMethods->xFileControl(wal.inner, operation, argument);
}

int sector_size_of_wal(sqlite3_file *file) {
  auto &wal = wal_of(file);
  return wal.inner->pMethods->xSectorSize(wal.inner);
}

int traits_of_wal(sqlite3_file *file) {
  auto &wal = wal_of(file);
  return wal.inner->pMethods->xDeviceCharacteristics(wal.inner);
}

// Of the later versions' methods none is called for a WAL.
constexpr sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = close_wal,
    .xRead = read_wal,
    .xWrite = write_wal,
    .xTruncate = truncate_wal,
    .xSync = sync_wal,
    .xFileSize = size_of_wal,
    .xLock = lock_wal,
    .xUnlock = unlock_wal,
    .xCheckReservedLock = is_wal_locked,
    .xFileControl = control_wal,
    .xSectorSize = sector_size_of_wal,
    .xDeviceCharacteristics = traits_of_wal,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

/// A copy of another VFS, which does what that one does but for WALs.
struct vfs_layer : sqlite3_vfs {
  explicit vfs_layer(sqlite3_vfs *under)
      : sqlite3_vfs(*under), inner(under),
        name(std::string("sluice-") + under->zName) {
    szOsFile += static_cast<int>(place_of_inner);
    zName = name.c_str();
    pNext = nullptr;
    xOpen = open;
  }

  static int open(sqlite3_vfs *self, const char *path, sqlite3_file *file,
                  int flags, int *out_flags);

  sqlite3_vfs *inner;
  std::string name;
};

int vfs_layer::open(sqlite3_vfs *self, const char *path, sqlite3_file *file,
                    int flags, int *out_flags) {
  auto *under = static_cast<vfs_layer *>(self)->inner;
  if ((flags & SQLITE_OPEN_WAL) == 0)
    return under->xOpen(under, path, file, flags, out_flags);
  auto &wal = wal_of(file);
  wal.pMethods = nullptr;
  wal.inner = reinterpret_cast<sqlite3_file *>(reinterpret_cast<char *>(file) +
                                               place_of_inner);
  std::unique_ptr<frames> waiting(new (std::nothrow) frames(wal.inner));
  if (!waiting)
    return SQLITE_NOMEM;
  int code = under->xOpen(under, path, wal.inner, flags, out_flags);
  if (code != SQLITE_OK)
    return code;
  wal.waiting = waiting.release();
  wal.descriptor = ::open(path, O_RDONLY | O_CLOEXEC);
  wal.pMethods = &wal_methods;
  return code;
}

} // namespace

const char *wal_vfs() {
  static std::mutex mutex;
  // What SQLite knows by its address stays for good.
  static std::map<sqlite3_vfs *, std::unique_ptr<vfs_layer>> made;
  std::lock_guard lock(mutex);
  auto *under = sqlite3_vfs_find(nullptr);
  if (under == nullptr)
    throw SQLite::Exception("SQLite has no VFS", SQLITE_ERROR);
  auto &found = made[under];
  if (!found)
    found = std::make_unique<vfs_layer>(under);
  if (int code = sqlite3_vfs_register(found.get(), 0); code != SQLITE_OK)
    throw SQLite::Exception("SQLite does not take the WAL's VFS", code);
  return found->zName;
}

void begin_writing_to_disk(sqlite3_file *wal) noexcept {
  if (wal != nullptr && wal->pMethods != nullptr)
    wal->pMethods->xFileControl(wal, write_to_disk, nullptr);
}

gathered_writes::gathered_writes(sqlite3_file *wal) : wal_(wal) {
  if (wal_ != nullptr && wal_->pMethods != nullptr)
    wal_->pMethods->xFileControl(wal_, begin_to_gather, nullptr);
}

gathered_writes::~gathered_writes() {
  if (wal_ != nullptr && wal_->pMethods != nullptr)
    wal_->pMethods->xFileControl(wal_, stop_gathering, nullptr);
}

} // namespace sluice::db::sqlite
