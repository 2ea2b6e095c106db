#include "db/postgres/migrations.hpp"

#include <array>

#include "db/postgres/delivery_migrations.hpp"

namespace sluice::db::postgres {

namespace {

constexpr char initial_schema[] = R"sql(
CREATE TABLE organizations (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  tier text NOT NULL,
  rate_limit_per_minute integer NOT NULL CHECK (rate_limit_per_minute >= 0),
  inserted_at timestamptz NOT NULL
);

CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  key_hash bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
  prefix text NOT NULL,
  expires_at timestamptz,
  inserted_at timestamptz NOT NULL
);
CREATE INDEX api_keys_organization ON api_keys (organization_id);

CREATE TABLE endpoints (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  kind text NOT NULL CHECK (kind IN ('pull', 'push')),
  url text,
  event_types text,
  state text NOT NULL CHECK (state IN ('active', 'paused', 'parked')),
  inserted_at timestamptz NOT NULL
);
CREATE INDEX endpoints_organization ON endpoints (organization_id);

CREATE TABLE event_queue (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  type text NOT NULL,
  payload text NOT NULL,
  dedup_id text,
  status text NOT NULL
    CHECK (status IN ('pending', 'processing', 'quarantined')),
  attempts integer NOT NULL CHECK (attempts >= 0),
  last_error text,
  not_before timestamptz NOT NULL,
  claim_id uuid,
  claimed_by text,
  processing_started_at timestamptz,
  inserted_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
) WITH (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 10000,
  autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_scale_factor = 0,
  toast.autovacuum_vacuum_threshold = 1000,
  toast.autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX event_queue_due ON event_queue (not_before, id)
  WHERE status = 'pending';
CREATE INDEX event_queue_claims ON event_queue (claim_id)
  WHERE status = 'processing';
CREATE INDEX event_queue_quarantine ON event_queue (organization_id, id)
  WHERE status = 'quarantined';

CREATE TABLE events (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  type text NOT NULL,
  payload text NOT NULL,
  dedup_id text,
  inserted_at timestamptz NOT NULL,
  accepted_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE event_deliveries (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  event_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'sending', 'delivered',
    'failed', 'dead_letter', 'skipped')),
  attempts integer NOT NULL CHECK (attempts >= 0),
  next_attempt_at timestamptz,
  response_status integer,
  last_error text,
  inserted_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX event_deliveries_event
  ON event_deliveries (organization_id, event_id, endpoint_id);
CREATE INDEX event_deliveries_pending ON event_deliveries (organization_id, id)
  WHERE status = 'pending';

CREATE TABLE delivery_attempts (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  attempted_at timestamptz NOT NULL,
  duration_us bigint NOT NULL CHECK (duration_us >= 0),
  response_status integer,
  error text,
  response_head text,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX delivery_attempts_delivery
  ON delivery_attempts (organization_id, delivery_id);

CREATE TABLE dedup_keys (
  organization_id uuid NOT NULL,
  scope text NOT NULL CHECK (scope IN ('event', 'request')),
  dedup_id text NOT NULL,
  event_id uuid NOT NULL,
  body_hash bytea NOT NULL CHECK (octet_length(body_hash) = 32),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, scope, dedup_id)
);
CREATE INDEX dedup_keys_expiry ON dedup_keys (expires_at);

CREATE TABLE ledger (
  seq bigserial PRIMARY KEY,
  at timestamptz NOT NULL,
  node text,
  kind text NOT NULL,
  count bigint NOT NULL CHECK (count >= 0),
  organization_id uuid
);

CREATE TABLE discarded (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  type text NOT NULL,
  payload text NOT NULL,
  dedup_id text,
  reason text NOT NULL,
  discarded_by text NOT NULL,
  discarded_at timestamptz NOT NULL,
  accepted_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE nodes (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  started_at timestamptz NOT NULL,
  heartbeat_at timestamptz NOT NULL
);

CREATE TABLE control (
  key text PRIMARY KEY,
  value text NOT NULL,
  version bigint NOT NULL CHECK (version >= 0),
  updated_at timestamptz NOT NULL
);

CREATE TABLE audit_log (
  seq bigserial PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  target text,
  reason text,
  detail text
);
)sql";

// Nobody may write between the count and the first entry that is made with
// ids. The functions that wrote without them go; a program of that time finds
// none, connects anew and learns that its schema is old.
constexpr char ledger_of_ids[] = R"sql(
LOCK TABLE event_queue, events, discarded, ledger
  IN SHARE ROW EXCLUSIVE MODE;
DROP FUNCTION IF EXISTS sluice_enqueue(uuid[], uuid[], text[], text[], text[],
  uuid[], bigint[], timestamptz);
DROP FUNCTION IF EXISTS sluice_move_some(uuid, uuid[], uuid[], timestamptz);
SET LOCAL work_mem = '64MB';
DELETE FROM ledger;
ALTER TABLE ledger ADD COLUMN ids uuid[];
ALTER TABLE ledger ALTER COLUMN ids SET STORAGE EXTERNAL;
ALTER TABLE ledger ADD CONSTRAINT ledger_ids_check CHECK (
  CASE WHEN kind IN ('accepted', 'created', 'opening', 'adopted',
      'written_off')
    THEN ids IS NOT NULL AND organization_id IS NOT NULL
      AND count = cardinality(ids)
    ELSE ids IS NULL END);
ALTER TABLE nodes ADD COLUMN gate_version bigint NOT NULL DEFAULT 0;
INSERT INTO ledger (at, kind, count, organization_id, ids)
SELECT statement_timestamp(), 'opening', count(*), numbered.organization_id,
  array_agg(numbered.id ORDER BY numbered.id)
FROM (
  SELECT there.organization_id, there.id,
    (row_number() OVER (PARTITION BY there.organization_id ORDER BY there.id)
      - 1) / 10000 AS part
  FROM (
    SELECT organization_id, id FROM event_queue
    UNION SELECT organization_id, id FROM events
    UNION SELECT organization_id, id FROM discarded) AS there) AS numbered
GROUP BY numbered.organization_id, numbered.part
ORDER BY numbered.organization_id, numbered.part;
)sql";

// An entry that stands for others names the first of them, and the range of
// its ids, by which an id is found. Of what it counts, `settled` is on no side
// any more. A drain that was given up would keep what is newer than its
// beginning from being folded. Folding leaves dead rows behind, in bulk.
constexpr char folded_ledger[] = R"sql(
ALTER TABLE ledger ADD COLUMN settled bigint NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN first_seq bigint;
ALTER TABLE ledger ADD COLUMN first_id uuid;
ALTER TABLE ledger ADD COLUMN last_id uuid;
ALTER TABLE ledger DROP CONSTRAINT ledger_ids_check;
ALTER TABLE ledger ADD CONSTRAINT ledger_ids_check CHECK (
  CASE WHEN kind IN ('accepted', 'created', 'opening', 'adopted',
      'written_off')
    THEN ids IS NOT NULL AND organization_id IS NOT NULL
      AND count = cardinality(ids) + settled
    ELSE ids IS NULL AND settled = 0 END);
CREATE INDEX ledger_folded ON ledger (organization_id, kind, seq)
  WHERE first_seq IS NOT NULL;
ALTER TABLE ledger SET (
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 1000,
  toast.autovacuum_vacuum_scale_factor = 0.02,
  toast.autovacuum_vacuum_threshold = 1000);
DELETE FROM control WHERE key = 'gate.drain_begin' AND NOT EXISTS
  (SELECT FROM control WHERE key = 'gate.processing' AND value = 'draining');
)sql";

// What waits stays in the first lane. A program of an older schema finds its
// functions gone, connects anew and learns that.
constexpr char lanes[] = R"sql(
DROP FUNCTION IF EXISTS sluice_accept(uuid[], uuid[], text[], text[], text[],
  timestamptz);
DROP FUNCTION IF EXISTS sluice_claim(uuid, text, integer, timestamptz,
  timestamptz);
ALTER TABLE event_queue ADD COLUMN lane smallint NOT NULL DEFAULT 0
  CHECK (lane BETWEEN 0 AND 3);
DROP INDEX event_queue_due;
CREATE INDEX event_queue_due ON event_queue (lane, not_before, id)
  WHERE status = 'pending';
)sql";

constexpr char overrides_of_settings[] = R"sql(
CREATE TABLE setting_overrides (
  key text PRIMARY KEY,
  value text NOT NULL,
  changed_by text NOT NULL,
  reason text NOT NULL,
  changed_at timestamptz NOT NULL
);
)sql";

// What is over is kept: it is the history.
constexpr char procedures[] = R"sql(
CREATE TABLE procedures (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  is_open boolean NOT NULL,
  version bigint NOT NULL,
  document text NOT NULL,
  begun_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX procedures_open ON procedures (kind) WHERE is_open;
CREATE INDEX procedures_newest ON procedures (kind, id);
)sql";

// Nothing: the other store's checks have changed, and both count alike.
constexpr char checks_of_sqlite[] = "";

// Nothing: a function is new, and functions are created with each migration.
constexpr char moves_without_claims[] = "";

constexpr std::array<migration, 12> all{{{1, initial_schema},
                                         {2, ledger_of_ids},
                                         {3, folded_ledger},
                                         {4, lanes},
                                         {5, overrides_of_settings},
                                         {6, procedures},
                                         {7, webhooks},
                                         {8, pullers},
                                         {9, retention},
                                         {10, attempts_of_delivery},
                                         {11, checks_of_sqlite},
                                         {12, moves_without_claims}}};

} // namespace

std::span<const migration> migrations() {
  return all;
}

int known_version() {
  return all.back().version;
}

} // namespace sluice::db::postgres
