#include "db/sqlite/migrations.hpp"

#include <string>

#include "db/sqlite/booking.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

// Tables keep SQLite's own row number as their key: rows are appended in
// the order of arrival, and ids, 36 bytes of text, stand in few indexes.
// Indexes that begin with organization_id cost a page per organization in
// each transaction, so there is one for each table that needs it, not more.
constexpr char version_1[] = R"sql(
CREATE TABLE schema_migrations (
  version INTEGER PRIMARY KEY,
  applied_at INTEGER NOT NULL
);

CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  tier TEXT NOT NULL,
  rate_limit_per_minute INTEGER NOT NULL CHECK (rate_limit_per_minute >= 0),
  inserted_at INTEGER NOT NULL
);

CREATE TABLE api_keys (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  key_hash BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
  prefix TEXT NOT NULL,
  expires_at INTEGER,
  inserted_at INTEGER NOT NULL
);
CREATE INDEX api_keys_of_organization ON api_keys (organization_id);

CREATE TABLE endpoints (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  kind TEXT NOT NULL CHECK (kind IN ('pull', 'push')),
  url TEXT,
  event_types TEXT,
  state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'parked')),
  inserted_at INTEGER NOT NULL
);
CREATE INDEX endpoints_of_organization ON endpoints (organization_id);

CREATE TABLE event_queue (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL,
  type TEXT NOT NULL,
  payload TEXT NOT NULL,
  dedup_id TEXT,
  status TEXT NOT NULL
    CHECK (status IN ('pending', 'processing', 'quarantined')),
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  last_error TEXT,
  not_before INTEGER NOT NULL,
  claim_id TEXT,
  claimed_by TEXT,
  processing_started_at INTEGER,
  inserted_at INTEGER NOT NULL
);
CREATE INDEX event_queue_pending ON event_queue (not_before)
  WHERE status = 'pending';
CREATE INDEX event_queue_processing ON event_queue (claim_id)
  WHERE status = 'processing';
CREATE INDEX event_queue_quarantined ON event_queue (organization_id, id)
  WHERE status = 'quarantined';

CREATE TABLE events (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  type TEXT NOT NULL,
  payload TEXT NOT NULL,
  dedup_id TEXT,
  inserted_at INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE event_deliveries (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN
    ('pending', 'sending', 'delivered', 'failed', 'dead_letter', 'skipped')),
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  next_attempt_at INTEGER,
  response_status INTEGER,
  last_error TEXT,
  inserted_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX event_deliveries_of_event
  ON event_deliveries (event_id, endpoint_id);
CREATE INDEX event_deliveries_of_organization
  ON event_deliveries (organization_id, status, id);

CREATE TABLE delivery_attempts (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  attempted_at INTEGER NOT NULL,
  duration_us INTEGER NOT NULL CHECK (duration_us >= 0),
  response_status INTEGER,
  error TEXT,
  response_head BLOB
);
CREATE INDEX delivery_attempts_of_delivery
  ON delivery_attempts (delivery_id, attempted_at);

CREATE TABLE dedup_keys (
  organization_id TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('event', 'request')),
  dedup_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, scope, dedup_id)
);
CREATE INDEX dedup_keys_by_expiry ON dedup_keys (expires_at);

CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  node TEXT,
  kind TEXT NOT NULL,
  count INTEGER NOT NULL,
  organization_id TEXT
);

CREATE TABLE discarded (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL,
  type TEXT NOT NULL,
  payload TEXT NOT NULL,
  dedup_id TEXT,
  reason TEXT NOT NULL,
  discarded_by TEXT NOT NULL,
  discarded_at INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL
);
CREATE INDEX discarded_of_organization ON discarded (organization_id, id);

CREATE TABLE nodes (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  heartbeat_at INTEGER NOT NULL
);

CREATE TABLE control (
  key TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE audit_log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT,
  reason TEXT,
  detail TEXT
);
)sql";

// Entries of the ledger name the events that came in. Older ones do not, so
// the books begin anew, with what is there.
constexpr char version_2[] = R"sql(
ALTER TABLE ledger ADD COLUMN ids BLOB;
ALTER TABLE nodes ADD COLUMN gate_version INTEGER NOT NULL DEFAULT 0;
DELETE FROM ledger;
)sql";

// An entry that stands for others names the first of them, and the range of
// its ids: what folding looks for is in the index. A drain that was given up
// would keep what is newer than its beginning from being folded.
constexpr char version_3[] = R"sql(
ALTER TABLE ledger ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN first_seq INTEGER;
ALTER TABLE ledger ADD COLUMN first_id BLOB;
ALTER TABLE ledger ADD COLUMN last_id BLOB;
CREATE INDEX ledger_folded ON ledger
  (organization_id, kind, seq, count, settled, first_id, last_id)
  WHERE first_seq IS NOT NULL;
DELETE FROM control WHERE key = 'gate.drain_begin' AND NOT EXISTS
  (SELECT 1 FROM control WHERE key = 'gate.processing' AND value = 'draining');
)sql";

// What waits stays in the first lane.
constexpr char version_4[] = R"sql(
ALTER TABLE event_queue ADD COLUMN lane INTEGER NOT NULL DEFAULT 0
  CHECK (lane BETWEEN 0 AND 3);
DROP INDEX event_queue_pending;
CREATE INDEX event_queue_pending ON event_queue (lane, not_before)
  WHERE status = 'pending';
)sql";

constexpr char version_5[] = R"sql(
CREATE TABLE setting_overrides (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  changed_at INTEGER NOT NULL
);
)sql";

// What is over is kept: it is the history.
constexpr char version_6[] = R"sql(
CREATE TABLE procedures (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  begun_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX procedures_open ON procedures (kind) WHERE is_open;
CREATE INDEX procedures_newest ON procedures (kind, id);
)sql";

// A delivery to a webhook has `next_attempt_at`, for ever; one of an inbox has
// none. So whoever reads an inbox passes over no webhooks, and an inbox of any
// length costs webhooks nothing.
constexpr char version_7[] = R"sql(
ALTER TABLE endpoints ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoints ADD COLUMN headers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE endpoints ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]';
ALTER TABLE endpoints ADD COLUMN max_in_flight INTEGER NOT NULL DEFAULT 8
  CHECK (max_in_flight > 0);
ALTER TABLE endpoints ADD COLUMN rate_per_second INTEGER NOT NULL DEFAULT 0
  CHECK (rate_per_second >= 0);
ALTER TABLE endpoints ADD COLUMN state_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoints ADD COLUMN is_default INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoints ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE endpoints ADD COLUMN failing_since INTEGER;
ALTER TABLE endpoints ADD COLUMN updated_at INTEGER;
ALTER TABLE endpoints ADD COLUMN removed_at INTEGER;
UPDATE endpoints SET event_types = json_array(event_types)
  WHERE event_types IS NOT NULL;
CREATE UNIQUE INDEX endpoints_default ON endpoints (organization_id)
  WHERE is_default AND removed_at IS NULL;
CREATE INDEX endpoints_active ON endpoints (id)
  WHERE kind = 'push' AND state = 'active' AND removed_at IS NULL;
CREATE INDEX endpoints_removed ON endpoints (id) WHERE removed_at IS NOT NULL;

ALTER TABLE event_deliveries ADD COLUMN claim_id TEXT;
ALTER TABLE event_deliveries ADD COLUMN claimed_by TEXT;
ALTER TABLE event_deliveries ADD COLUMN lease_until INTEGER;
DROP INDEX event_deliveries_of_organization;
CREATE INDEX event_deliveries_of_inbox
  ON event_deliveries (organization_id, status, id)
  WHERE next_attempt_at IS NULL;
CREATE INDEX event_deliveries_of_webhooks
  ON event_deliveries (organization_id, id) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX event_deliveries_due
  ON event_deliveries (status, endpoint_id, next_attempt_at)
  WHERE status IN ('pending', 'failed') AND next_attempt_at IS NOT NULL;
CREATE INDEX event_deliveries_sending
  ON event_deliveries (claim_id, id, lease_until, claimed_by)
  WHERE status = 'sending';
CREATE INDEX event_deliveries_dead ON event_deliveries (organization_id, id)
  WHERE status = 'dead_letter';
)sql";

// A claim without a node is a puller's: it has an index of its own, so that
// nobody who looks after senders meets it. Events get the number of the
// transaction that wrote them, because row numbers come again after the newest
// rows were removed; those that are there keep 0, and their row numbers.
constexpr char version_8[] = R"sql(
ALTER TABLE endpoints ADD COLUMN mode TEXT NOT NULL DEFAULT 'push'
  CHECK (mode IN ('push', 'pull'));
ALTER TABLE endpoints ADD COLUMN was_pulled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX endpoints_pulled ON endpoints (id) WHERE was_pulled;
DROP INDEX event_deliveries_sending;
CREATE INDEX event_deliveries_sending
  ON event_deliveries (claim_id, id, lease_until, claimed_by)
  WHERE status = 'sending' AND claimed_by IS NOT NULL;
CREATE INDEX event_deliveries_pulled
  ON event_deliveries (endpoint_id, coalesce(lease_until, 0))
  WHERE status = 'sending' AND claimed_by IS NULL;
CREATE INDEX event_deliveries_pulls ON event_deliveries (claim_id)
  WHERE status = 'sending' AND claimed_by IS NULL;

ALTER TABLE events ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
CREATE INDEX events_in_order ON events (organization_id, position);
CREATE TABLE event_positions (last INTEGER NOT NULL);
INSERT INTO event_positions (last) VALUES (0);
)sql";

// A place in an inbox whose event has arrived at a webhook says so once the
// delivery there is removed: it holds its event no longer.
constexpr char version_9[] = R"sql(
ALTER TABLE event_deliveries ADD COLUMN arrived_elsewhere INTEGER NOT NULL
  DEFAULT 0;
CREATE TABLE replays (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  dead_letters_only INTEGER NOT NULL,
  rate INTEGER NOT NULL CHECK (rate >= 0),
  after_id TEXT,
  examined INTEGER NOT NULL,
  replayed INTEGER NOT NULL,
  reason TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX replays_running ON replays (due_at) WHERE state = 'running';
CREATE INDEX replays_of_endpoint ON replays (organization_id, endpoint_id, id);
)sql";

// Nothing: the other store's functions have changed, and both count alike.
constexpr char version_10[] = "";

// For more than two values SQLite builds a temporary table each time it checks
// an IN: of what a new row of the queue cost, that was a third. A CHECK can
// only be changed in the text of the schema; what is in the tables stays valid
// (https://www.sqlite.org/lang_altertable.html, section 8).
constexpr char version_11[] = R"sql(
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
  'status IN (''pending'', ''processing'', ''quarantined'')',
  'status = ''pending'' OR status = ''processing'''
  || ' OR status = ''quarantined''')
  WHERE type = 'table' AND name = 'event_queue';
UPDATE sqlite_schema SET sql = replace(sql,
  'status IN' || char(10) || '    (''pending'', ''sending'', ''delivered'','
  || ' ''failed'', ''dead_letter'', ''skipped'')',
  'status = ''pending'' OR status = ''sending'' OR status = ''delivered'''
  || ' OR status = ''failed'' OR status = ''dead_letter'''
  || ' OR status = ''skipped''')
  WHERE type = 'table' AND name = 'event_deliveries';
PRAGMA writable_schema = OFF;
)sql";

// Nothing, as in version 10.
constexpr char version_12[] = "";

/// Makes SQLite read a schema again whose text has changed.
void reread_schema(connection &database, timestamp /*now*/) {
  auto version = std::stoll(database.ask("PRAGMA schema_version"));
  auto next = std::to_string((version + 1) % 1'000'000'000);
  database.execute(("PRAGMA schema_version=" + next).c_str());
}

void write_opening_balance(connection &database, timestamp now) {
  ledger_entries opening(database, "opening", now);
  for (const char *place : {sql::opening_of_events, sql::opening_of_queue,
                            sql::opening_of_discarded}) {
    auto rows = database.statement(place);
    while (rows.next())
      opening.add(organization_id(rows.id(0)), event_id(rows.id(1)));
    // An organization's ids stand together, so that few are in memory.
    opening.write();
  }
}

constexpr migration steps[] = {
    {1, version_1, nullptr},         {2, version_2, write_opening_balance},
    {3, version_3, nullptr},         {4, version_4, nullptr},
    {5, version_5, nullptr},         {6, version_6, nullptr},
    {7, version_7, nullptr},         {8, version_8, nullptr},
    {9, version_9, nullptr},         {10, version_10, nullptr},
    {11, version_11, reread_schema}, {12, version_12, nullptr},
};

} // namespace

std::span<const migration> migrations() {
  return steps;
}

int known_version() {
  return std::span(steps).back().version;
}

} // namespace sluice::db::sqlite
