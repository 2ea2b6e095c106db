#pragma once

/// Migrations that are about what happens to events once they are stored.
namespace sluice::db::postgres {

// A delivery to a webhook has `next_attempt_at`, for ever; one of an inbox has
// none. So whoever reads an inbox passes over no webhooks, and an inbox of any
// length costs webhooks nothing. Of the types, those that end in `*` stand in
// `event_prefixes` as well, without it.
inline constexpr char webhooks[] = R"sql(
ALTER TABLE endpoints
  ALTER COLUMN event_types TYPE text[] USING CASE
    WHEN event_types IS NOT NULL THEN ARRAY[event_types] END,
  ADD COLUMN event_prefixes text[],
  ADD COLUMN description text NOT NULL DEFAULT '',
  ADD COLUMN headers text NOT NULL DEFAULT '[]',
  ADD COLUMN secrets text NOT NULL DEFAULT '[]',
  ADD COLUMN max_in_flight integer NOT NULL DEFAULT 8
    CHECK (max_in_flight > 0),
  ADD COLUMN rate_per_second integer NOT NULL DEFAULT 0
    CHECK (rate_per_second >= 0),
  ADD COLUMN state_reason text NOT NULL DEFAULT '',
  ADD COLUMN is_default boolean NOT NULL DEFAULT false,
  ADD COLUMN version bigint NOT NULL DEFAULT 1,
  ADD COLUMN failing_since timestamptz,
  ADD COLUMN updated_at timestamptz,
  ADD COLUMN removed_at timestamptz;
CREATE UNIQUE INDEX endpoints_default ON endpoints (organization_id)
  WHERE is_default AND removed_at IS NULL;
CREATE INDEX endpoints_active ON endpoints (id)
  WHERE kind = 'push' AND state = 'active' AND removed_at IS NULL;
CREATE INDEX endpoints_removed ON endpoints (id) WHERE removed_at IS NOT NULL;

ALTER TABLE event_deliveries
  ADD COLUMN claim_id uuid,
  ADD COLUMN claimed_by uuid,
  ADD COLUMN lease_until timestamptz;
DROP INDEX event_deliveries_pending;
CREATE INDEX event_deliveries_pending ON event_deliveries (organization_id, id)
  WHERE status = 'pending' AND next_attempt_at IS NULL;
CREATE INDEX event_deliveries_due
  ON event_deliveries (status, endpoint_id, next_attempt_at)
  WHERE status IN ('pending', 'failed') AND next_attempt_at IS NOT NULL;
CREATE INDEX event_deliveries_sending ON event_deliveries (lease_until)
  WHERE status = 'sending';
CREATE INDEX event_deliveries_dead ON event_deliveries (organization_id, id)
  WHERE status = 'dead_letter';
ALTER TABLE delivery_attempts ALTER COLUMN response_head TYPE bytea
  USING convert_to(response_head, 'UTF8');
)sql";

// A claim without a node is a puller's: it has an index of its own, so that
// nobody who looks after senders meets it. Events get the number of the
// transaction that wrote them, whoever inserts them: below the oldest one that
// runs, the order of these numbers is final. Those that are there keep 0.
inline constexpr char pullers[] = R"sql(
ALTER TABLE endpoints
  ADD COLUMN mode text NOT NULL DEFAULT 'push'
    CHECK (mode IN ('push', 'pull')),
  ADD COLUMN was_pulled boolean NOT NULL DEFAULT false;
CREATE INDEX endpoints_pulled ON endpoints (id) WHERE was_pulled;
DROP INDEX event_deliveries_sending;
CREATE INDEX event_deliveries_sending ON event_deliveries (lease_until)
  WHERE status = 'sending' AND claimed_by IS NOT NULL;
CREATE INDEX event_deliveries_pulled
  ON event_deliveries (endpoint_id, (coalesce(lease_until, '-infinity')))
  WHERE status = 'sending' AND claimed_by IS NULL;
CREATE INDEX event_deliveries_pulls ON event_deliveries (claim_id)
  WHERE status = 'sending' AND claimed_by IS NULL;

ALTER TABLE events ADD COLUMN position xid8 NOT NULL DEFAULT '0';
ALTER TABLE events ALTER COLUMN position SET DEFAULT pg_current_xact_id();
CREATE INDEX events_in_order ON events (organization_id, position, id);
)sql";

// A place in an inbox whose event has arrived at a webhook says so once the
// delivery there is removed: it holds its event no longer. What retention
// removes leaves dead rows behind, steadily, in tables that may be large.
inline constexpr char retention[] = R"sql(
ALTER TABLE event_deliveries
  ADD COLUMN arrived_elsewhere boolean NOT NULL DEFAULT false;
ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 10000,
  toast.autovacuum_vacuum_scale_factor = 0.02,
  toast.autovacuum_vacuum_threshold = 10000);
ALTER TABLE event_deliveries SET (autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 10000);
ALTER TABLE delivery_attempts SET (autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 10000);
ALTER TABLE dedup_keys SET (autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 10000);
CREATE TABLE replays (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  state text NOT NULL
    CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  dead_letters_only boolean NOT NULL,
  rate integer NOT NULL CHECK (rate >= 0),
  after_id uuid,
  examined bigint NOT NULL,
  replayed bigint NOT NULL,
  reason text NOT NULL,
  due_at timestamptz NOT NULL,
  started_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX replays_running ON replays (due_at) WHERE state = 'running';
CREATE INDEX replays_of_endpoint ON replays (organization_id, endpoint_id, id);
)sql";

// One index instead of two for each attempt: nobody looks for one by its own
// id alone.
inline constexpr char attempts_of_delivery[] = R"sql(
ALTER TABLE delivery_attempts DROP CONSTRAINT delivery_attempts_pkey;
DROP INDEX delivery_attempts_delivery;
ALTER TABLE delivery_attempts
  ADD PRIMARY KEY (organization_id, delivery_id, id);
)sql";

} // namespace sluice::db::postgres
