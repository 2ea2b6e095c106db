#pragma once

#include <string>

namespace sluice::db::sqlite {

/// Bytes before each page in a WAL.
inline constexpr int wal_frame_header_size = 24;

/// Brings all of the WAL beside the database `path` to the disk by writing
/// every byte of it once more, and syncing that. For when an fsync has failed:
/// the kernel then takes the pages for written and would not write them again.
///
/// The first `frames` frames have to be sound, as SQLite's recovery defines it
/// (https://www.sqlite.org/fileformat2.html, section 4): a page that the kernel
/// has dropped reads as what is on the disk, and breaks the chain of checksums.
///
/// By whoever alone may write to the WAL. Throws `SQLite::Exception`. No file
/// is success when no frame is asked for.
void rewrite_wal(const std::string &path, int frames);

} // namespace sluice::db::sqlite
