"""What is old leaves while clients go on, and the database stops growing."""

import hashlib
import os
import random
import statistics
import time
import uuid

import client
import gate
from harness import Abort, add_pairs, main, measure_pairs, wait_until
from service import Service
from stores import Cluster, SqliteFile
from verify_load import Poster, p99

# An event, its place in the inbox, a delivery, an attempt and a key.
ROWS_OF_EVENT = 5
OLD = 40 * 24 * 3600
PAYLOAD = '{"customer":"' + "x" * 180 + '"}'
IDS_OF_ENTRY = 5000
KEPT, FOR_EVER = "30d", "0s"
TABLES = ("events", "event_deliveries", "delivery_attempts", "dedup_keys",
          "ledger")


def body(run):
    """Compares the times of accepting, with and without retention beside it."""
    store = (SqliteFile(run) if run.options.store == "sqlite"
             else Cluster(run, {"autovacuum_naptime": "5s"}))
    store.start()
    service = Service(run, store.url, settings={
        "ingest.max_queue_depth": "1000000000",
        "retention.events": FOR_EVER, "retention.deliveries": FOR_EVER})
    service.start()
    tenant = service.organization("one")
    count = run.options.rows // ROWS_OF_EVENT
    fill(run, store, service, tenant, count)
    run.figures["old rows"] = count * ROWS_OF_EVENT
    run.figures["size when full, MB"] = peak = size(store) / 1e6
    # Keys leave whatever the settings say.
    if not wait_until(lambda: removed(service)["dedup_key"] >= count,
                      run.options.patience, 0.5):
        run.violation(f"old keys are left: {removed(service)}")
    compare(run, service, tenant, count)
    leave(run, store, service, count, 1)
    run.figures["size when empty, MB"] = size(store) / 1e6
    for number in range(run.options.rounds):
        vacuum(run, store, count)
        # What the clients stored meanwhile is young, and stays.
        stays = events_in(store) / count
        fill(run, store, service, tenant, count)
        found = size(store) / 1e6
        run.figures[f"size when full again ({number + 1}), MB"] = found
        run.check(found < peak * (1 + stays) * run.options.growth,
                  f"it grows: {found:.1f} MB after {peak:.1f} MB, and {stays:.2f} "
                  "times as many events in it")
        leave(run, store, service, count, number + 2)
    check_books(run, service)
    service.wait_drained()
    service.terminate()


# -- filling ------------------------------------------------------------------

def fill(run, store, service, tenant, count):
    """So many old events that are settled, with all that is theirs."""
    turn(run, service, FOR_EVER)
    begin = time.monotonic()
    if store.kind == "sqlite":
        service.terminate()
        fill_file(run, store, tenant, count)
        service.start()
    else:
        fill_cluster(store, tenant, count)
    run.say(f"{count} old events are there, after"
            f" {time.monotonic() - begin:.0f} s")


def old_id(moment, source):
    """A version 7 UUID of that time, in milliseconds."""
    bits = (moment << 80) | source.getrandbits(80)
    bits = bits & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=bits & ~(0x3 << 62) | 0x2 << 62)


def fill_file(run, store, tenant, count):
    source = random.Random(run.seed)
    first = int((time.time() - OLD) * 1000)
    inbox = store.rows("SELECT id FROM endpoints WHERE kind = 'pull' AND"
                       f" organization_id = '{tenant.id}'")[0][0]
    webhook = str(uuid.uuid4())
    key = hashlib.sha256(b"").digest()
    with store._open("mode=rw") as database:
        database.execute("PRAGMA synchronous = OFF")
        for begin in range(0, count, IDS_OF_ENTRY):
            ids = sorted(old_id(first + (begin + i) // 10, source)
                         for i in range(min(IDS_OF_ENTRY, count - begin)))
            at = (first + begin // 10) * 1000
            texts = [str(one) for one in ids]
            # In the order of arrival: before all that came in meanwhile.
            database.executemany(
                "INSERT INTO events (rowid, id, organization_id, type, payload,"
                " dedup_id, inserted_at, accepted_at)"
                " VALUES (?, ?, ?, 'old', ?, ?, ?, ?)",
                [(begin + place, one, tenant.id, PAYLOAD, one, at, at)
                 for place, one in enumerate(texts, 1)])
            database.executemany(
                "INSERT INTO event_deliveries (rowid, id, organization_id,"
                " event_id, endpoint_id, status, attempts, next_attempt_at,"
                " inserted_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [row for place, one in enumerate(texts, begin) for row in (
                    (2 * place + 1, one[:18] + "-8" + one[20:], tenant.id, one,
                     inbox, "pending", 0, None, at, at),
                    (2 * place + 2, one[:18] + "-9" + one[20:], tenant.id, one,
                     webhook, "delivered", 1, at, at, at))])
            database.executemany(
                "INSERT INTO delivery_attempts VALUES"
                " (?, ?, ?, ?, 1000, 200, NULL, NULL)",
                [(one, tenant.id, one[:18] + "-9" + one[20:], at)
                 for one in texts])
            database.executemany(
                "INSERT INTO dedup_keys VALUES (?, 'event', ?, ?, ?, ?)",
                [(tenant.id, one, one, key, at) for one in texts])
            database.execute(
                "INSERT INTO ledger (at, kind, count, organization_id, ids)"
                " VALUES (?, 'accepted', ?, ?, ?)",
                (at, len(ids), tenant.id, b"".join(one.bytes for one in ids)))
    database.close()


def fill_cluster(store, tenant, count):
    for begin in range(0, count, 10 * IDS_OF_ENTRY):
        end = min(begin + 10 * IDS_OF_ENTRY, count)
        store.execute(f"""
WITH made AS MATERIALIZED (
  SELECT (lpad(to_hex((extract(epoch FROM statement_timestamp()
        - interval '{OLD} s') * 1000)::bigint + n / 10), 12, '0') || '7'
      || substr(gen_random_uuid()::text, 16))::uuid AS id,
    (n - {begin}) / {IDS_OF_ENTRY} AS part,
    statement_timestamp() - interval '{OLD} s' AS at
  FROM generate_series({begin}, {end} - 1) AS n),
parts AS MATERIALIZED (
  SELECT m.*, gen_random_uuid() AS inbox, gen_random_uuid() AS webhook
  FROM made m),
fresh AS MATERIALIZED (
  SELECT p.*, (left(p.id::text, 18) || substr(inbox::text, 19))::uuid AS one,
    (left(p.id::text, 18) || substr(webhook::text, 19))::uuid AS two
  FROM parts p),
events AS (
  INSERT INTO events SELECT id, '{tenant.id}', 'old', '{PAYLOAD}', id::text,
    at, at FROM fresh),
inboxes AS (
  INSERT INTO event_deliveries (id, organization_id, event_id, endpoint_id,
    status, attempts, inserted_at, updated_at)
  SELECT f.one, '{tenant.id}', f.id, e.id, 'pending', 0, at, at
  FROM fresh f, endpoints e
  WHERE e.kind = 'pull' AND e.organization_id = '{tenant.id}'),
webhooks AS (
  INSERT INTO event_deliveries (id, organization_id, event_id, endpoint_id,
    status, attempts, next_attempt_at, inserted_at, updated_at)
  SELECT two, '{tenant.id}', id, '00000000-0000-4000-8000-000000000001',
    'delivered', 1, at, at, at FROM fresh),
attempts AS (
  INSERT INTO delivery_attempts
  SELECT id, '{tenant.id}', two, at, 1000, 200, NULL, NULL FROM fresh),
keys AS (
  INSERT INTO dedup_keys SELECT '{tenant.id}', 'event', id::text, id,
    sha256(''), at FROM fresh)
INSERT INTO ledger (at, kind, count, organization_id, ids)
SELECT min(at), 'accepted', count(*), '{tenant.id}', array_agg(id ORDER BY id)
FROM fresh GROUP BY part""")
    store.execute("ANALYZE")


# -- what comes of it ---------------------------------------------------------

def turn(run, service, kept):
    answer = gate.order(service.port, "settings", {
        "set": [f"retention.events={kept}", f"retention.deliveries={kept}"],
        "reason": "a test"})
    if answer.status != 200:
        raise Abort(f"settings: {answer}")


def compare(run, service, tenant, count):
    """p99 of accepting, in pairs of windows with and without retention."""
    posters = [Poster(run, service.port, tenant.key, run.options.pause)
               for _ in range(run.options.clients)]
    for poster in posters:
        poster.start()

    def measure(number):
        parts = {}
        # Which comes first changes, in case the machine gets slower.
        for kept in ((FOR_EVER, KEPT), (KEPT, FOR_EVER))[number % 2]:
            turn(run, service, kept)
            time.sleep(0.5)
            before, begin = removed(service), time.monotonic()
            if kept == KEPT:
                # The round before may have been over.
                wait_until(lambda: removed(service)["event"] > before["event"]
                           or before["event"] >= count, 35)
                begin = time.monotonic()
            time.sleep(run.options.window)
            parts[kept] = p99(posters, begin, time.monotonic())
            gone = sum(removed(service).values()) - sum(before.values())
            run.check((gone > 0) == (kept == KEPT) or before["event"] >= count,
                      f"{gone} rows left at retention.events={kept}")
        turn(run, service, FOR_EVER)
        run.say(f"pair {number + 1}: p99 {1000 * parts[FOR_EVER]:.1f} ms alone,"
                f" {1000 * parts[KEPT]:.1f} ms beside retention,"
                f" {gone} rows gone in the last window")
        return parts[KEPT] / parts[FOR_EVER]

    pairs = measure_pairs(run.options, measure, lambda last: (
        statistics.median(last) < run.options.slower))
    for poster in posters:
        poster.ends.set()
    for poster in posters:
        poster.join(20)
    growth = statistics.median(pairs)
    run.figures["p99 grows to, median times"] = growth
    run.figures["p99 grows to, all pairs"] = ", ".join(
        f"{one:.2f}" for one in pairs)
    run.check(growth < run.options.slower,
              f"retention makes the p99 of accepting {growth:.2f} times as"
              " long")


def metric(service, name):
    """Labels (as text) and value of each line."""
    lines = client.call(service.port, "GET", "/metrics").body.decode()
    return {line[len(name):].rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in lines.splitlines()
            if line.startswith((name + "{", name + " "))}


def removed(service):
    return {kind: metric(service, "sluice_retention_removed_total")
            .get(f'{{kind="{kind}"}}', 0.0)
            for kind in ("event", "delivery", "attempt", "dedup_key")}


def leave(run, store, service, count, fills):
    """Until all that is old is gone."""
    turn(run, service, KEPT)
    begin = time.monotonic()
    # The file's service has begun anew with each fill.
    wanted = count * (fills if store.kind == "postgres" else 1)

    def is_gone():
        found = removed(service)
        return (min(found.values()) >= wanted
                and found["delivery"] >= 2 * wanted)

    if not wait_until(is_gone, run.options.patience, 0.2):
        run.violation(f"old rows are left: {removed(service)}")
    run.figures["until the rest was gone, s"] = time.monotonic() - begin
    buckets = metric(service, "sluice_retention_step_seconds_bucket")
    total = max(buckets.values(), default=0)
    for bound in ("0.005", "0.01", "0.025", "0.05", "0.1"):
        within = buckets.get(f'{{le="{bound}"}}', 0)
        run.figures[f"steps within {bound} s, %"] = 100 * within / max(total, 1)
    check_books(run, service)
    left = old_rows(run, store, service)
    run.figures["old rows left"] = left
    run.check(left == 0, f"{left} old rows are left")


def old_rows(run, store, service):
    if store.kind == "sqlite":
        service.terminate()
        moment = int((time.time() - OLD / 2) * 1e6)
    else:
        moment = f"now() - interval '{OLD // 2} s'"
    counts = store.rows(" UNION ALL ".join(
        f"SELECT count(*) FROM {table} WHERE {column} < {moment}"
        for table, column in (("events", "inserted_at"),
                              ("event_deliveries", "inserted_at"),
                              ("delivery_attempts", "attempted_at"),
                              ("dedup_keys", "expires_at"))))
    if store.kind == "sqlite":
        service.start()
    else:
        wait_vacuumed(run, store)
    return sum(int(row[0]) for row in counts)


def wait_vacuumed(run, store):
    """Until the space of what left may be used again."""
    def dead():
        return max(int(row[0]) for row in store.rows(
            "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname IN ("
            + ", ".join(f"'{table}'" for table in TABLES) + ")"))

    if not wait_until(lambda: dead() < 12_000, 120, 1):
        run.violation(f"{dead()} dead rows, and no autovacuum")


def events_in(store):
    return int(store.rows("SELECT count(*) FROM events")[0][0])


def vacuum(run, store, count):
    """Autovacuum, which comes once enough is dead; too few rows never are."""
    if store.kind != "postgres":
        return
    if count < 10_000:
        store.execute("VACUUM")
        return
    run.check(wait_until(lambda: int(store.rows(
        "SELECT sum(n_dead_tup) FROM pg_stat_user_tables "
        "WHERE relname IN ('events', 'event_deliveries')")[0][0]) < count,
        120, 1), "autovacuum does not come")


def size(store):
    """Bytes of the database."""
    if store.kind == "sqlite":
        return os.path.getsize(store.path)
    return sum(int(row[0]) for row in store.rows(
        "SELECT pg_total_relation_size(relid) FROM pg_stat_user_tables"))


def check_books(run, service):
    answer = gate.order(service.port, "ledger/verify", timeout=120)
    run.check(answer.status == 200 and answer.json()["is_balanced"],
              f"the ledger: {answer}")


def options(parser):
    parser.add_argument("--rows", type=int, default=1_000_000,
                        help="old rows, of all tables together")
    add_pairs(parser, 7, "windows with and without retention")
    parser.add_argument("--window", type=float, default=8.0)
    parser.add_argument("--pause", type=float, default=0.01,
                        help="seconds between two requests of a client")
    parser.add_argument("--slower", type=float, default=1.5,
                        help="the p99 may grow to less than so many times")
    parser.add_argument("--rounds", type=int, default=2,
                        help="fills after the first, to see the size")
    parser.add_argument("--growth", type=float, default=1.15,
                        help="later fills may take so many times the first")
    parser.add_argument("--patience", type=float, default=900.0,
                        help="seconds until all that is old has to be gone")


if __name__ == "__main__":
    main("retention", body, cycles=1, clients=4, extra=options)
