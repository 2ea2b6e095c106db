"""Health answers at once, however long the queue is, while events come in."""

import json
import multiprocessing
import statistics
import time

import client
import gate
import harness
from harness import main, wait_until
from service import Service
from stores import open_store

P99_LIMIT_MS = 20.0
PAUSE = 0.003

COLUMNS = ("id, organization_id, type, payload, status, attempts, not_before,"
           " inserted_at")
ID = "'0192a3b4-c5d6-7000-8000-' || "
PAYLOAD = '{"text": "' + "x" * 200 + '"}'
FILL = {
    "sqlite": (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < {rows}) INSERT INTO event_queue (" + COLUMNS + ")"
        " SELECT " + ID + "printf('%012x', i), '{owner}', 'a', '" + PAYLOAD
        + "', 'pending', 0, {now}, {now} FROM n",),
    "postgres": (
        "INSERT INTO event_queue (" + COLUMNS + ") SELECT (" + ID
        + "lpad(to_hex(i), 12, '0'))::uuid, '{owner}', 'a', '" + PAYLOAD
        + "', 'pending', 0, now(), now() FROM generate_series(1, {rows}) AS i",
        "VACUUM ANALYZE event_queue"),
}


def body(run):
    """Asks for health before a long queue, beside a client that posts."""
    store = open_store(run)
    store.start()
    # Beyond the queue: events are taken, and all of it has to be counted.
    service = Service(run, store.url, settings={
        "ingest.max_queue_depth": str(2 * run.options.rows + 100_000)})
    service.start()
    tenant = service.organization("one")
    answer = gate.order(service.port, "pause", {"reason": "a long queue"})
    run.check(answer.status == 200, f"pause: {answer}")
    service.terminate()
    fill(run, store, tenant)
    service.start()
    shown = wait_until(lambda: counts_all(run, service), 30)
    run.check(shown, "health never counted the queue")
    with Poster(run, service.port, tenant.key) as poster:
        wait_until(lambda: poster.count > 10, 10)
        times, statuses = ask(run, service.port)
    report(run, times, statuses)
    run.figures["events posted meanwhile"] = poster.count
    run.check(poster.count > 10, "nothing was posted meanwhile")
    run.check(not poster.refused, f"{poster.refused} events were refused")
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def fill(run, store, tenant):
    begin = time.monotonic()
    values = {"rows": run.options.rows, "owner": tenant.id,
              "now": int(time.time() * 1e6)}
    store.offline(*(replaced(sql, values) for sql in FILL[store.kind]))
    run.figures["seconds to fill the queue"] = time.monotonic() - begin


def replaced(sql, values):
    # Not str.format: a payload has braces of its own.
    for name, value in values.items():
        sql = sql.replace("{" + name + "}", str(value))
    return sql


def counts_all(run, service):
    queue = service.health()["queue"]
    return queue["exact"] and queue["pending"] >= run.options.rows


def ask(run, port):
    """Milliseconds and statuses of so many requests, on one connection."""
    link = client.Connection(port)
    times, statuses = [], set()
    for _ in range(run.options.requests):
        begin = time.perf_counter()
        answer = link.exchange("GET", "/health/ready")
        times.append((time.perf_counter() - begin) * 1e3)
        statuses.add(answer.status)
        time.sleep(PAUSE)
    link.close()
    return times, statuses


def report(run, times, statuses):
    parts = statistics.quantiles(times, n=100)
    run.figures["requests"] = len(times)
    run.figures["median ms"] = statistics.median(times)
    run.figures["p99 ms"] = parts[98]
    run.figures["worst ms"] = max(times)
    run.check(statuses == {200}, f"health answered {sorted(statuses)}")
    run.check(parts[98] < P99_LIMIT_MS, f"p99 is {parts[98]:.1f} ms")


class Poster:
    """Another process that posts one event after the other."""

    def __init__(self, run, port, key):
        context = multiprocessing.get_context("fork")
        self._stop = context.Event()
        self._counts = context.Array("q", 2)
        self._process = context.Process(
            target=self._post, args=(port, key), daemon=True)
        run.cleanup.callback(self._process.kill)

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._process.join(30)

    @property
    def count(self):
        return self._counts[0]

    @property
    def refused(self):
        return self._counts[1]

    def _post(self, port, key):
        harness.child_dies_with_us()
        link = client.Connection(port)
        headers = [("X-API-Key", key), ("Content-Type", "application/json")]
        event = json.dumps({"type": "a", "payload": {"n": 1}}).encode()
        while not self._stop.is_set():
            answer = link.exchange("POST", "/api/events", event, headers)
            self._counts[0 if answer.status == 202 else 1] += 1
        link.close()


def options(parser):
    parser.add_argument("--rows", type=int, default=1_000_000,
                        help="items that wait in the queue")
    parser.add_argument("--requests", type=int, default=2000)


if __name__ == "__main__":
    main("health_depth", body, cycles=1, extra=options)
