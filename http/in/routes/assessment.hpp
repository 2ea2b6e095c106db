#pragma once

#include "db/model/assessment.hpp"
#include "http/in/routes/admin.hpp"

/// The damage report, and the repairs that follow from it, for operators.
namespace sluice::http {

/// `GET /admin/v1/assess` `?books`: what is wrong with what is stored, and what
/// to do about it. `books` is `check` (compare them with the tables now, as far
/// as there is time) or `last` (what the last check found).
answer get_assess(service &shared, const request &in);

/// `POST /admin/v1/recover` `{actor?, reason?, dry_run?}`: mends what has a
/// safe rule, and names what has none. Safe to be repeated, from any node.
answer post_recover(service &shared, const request &in);

/// A look without the books.
db::result<db::assessment> assess_quickly(service &shared);

} // namespace sluice::http
