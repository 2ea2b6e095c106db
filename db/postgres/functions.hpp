#pragma once

#include <string>

namespace sluice::db::postgres {

/// What is done for every event, as functions in the database: their
/// statements are planned once in each server process, also behind a proxy
/// that hands transactions to any of them. Created anew with each migration,
/// so they may be changed with one.
std::string functions();

} // namespace sluice::db::postgres
