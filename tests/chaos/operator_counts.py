"""The SQL that operators know, on a running service, agrees with health."""

import subprocess

import client
import gate
import harness
from harness import main, wait_until
from service import Service
from stores import open_store

PENDING = "SELECT count(*) FROM event_queue WHERE status = 'pending'"
RELEASE = ("UPDATE event_queue SET status = 'pending'"
           " WHERE status = 'processing'")
STUCK = ("SELECT count(*) FROM event_queue WHERE status = 'processing'"
         " AND processing_started_at < now() - interval '5 minutes'")
STORED = ("SELECT count(*) FROM events"
          " WHERE inserted_at > now() - interval '1 minute'")
WAITING = ("SELECT count(*) FROM event_queue q LEFT JOIN events e"
           " ON q.id = e.id WHERE e.id IS NULL")

EVENTS = 30
OLD = 7
YOUNG = 4
CLAIM = ("UPDATE event_queue SET status = 'processing',"
         " claim_id = gen_random_uuid(),"
         " claimed_by = (SELECT id::text FROM nodes),"
         " processing_started_at = now() - interval '{age} minutes'"
         " WHERE id IN (SELECT id FROM event_queue WHERE status = 'pending'"
         " ORDER BY id LIMIT {count})")


class RowLocks:
    """A transaction that keeps the rescue from the queue's items.

    Its locks (FOR KEY SHARE) let an UPDATE pass, which is what the operator's
    SQL is; the rescue passes over what it can't lock for itself.
    """

    def __init__(self, run, store):
        self._process = subprocess.Popen(
            store.psql_command(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, preexec_fn=harness.child_dies_with_us)
        run.cleanup.callback(self.end)
        self._process.stdin.write(
            b"BEGIN;\nSELECT count(*) FROM (SELECT FROM event_queue"
            b" FOR KEY SHARE) AS locked;\n")
        self._process.stdin.flush()
        self.count = int(self._process.stdout.readline())

    def end(self):
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(30)


class Comparison:
    """Health beside the answers of SQL."""

    def __init__(self, run, store, service):
        self.run = run
        self.store = store
        self.service = service

    def sql(self, statement):
        return int(self.store.execute(statement))

    def expect(self, name, wanted, statement, of_health):
        """Both come to show the wanted number."""
        seen = {}

        def agree():
            seen["sql"] = self.sql(statement)
            seen["health"] = of_health(self.service.health())
            return seen["sql"] == seen["health"] == wanted

        holds = wait_until(agree, 20, 0.05)
        self.run.check(holds, f"{name}: {wanted} wanted, {seen}")
        self.run.figures[name] = f"sql {seen['sql']}, health {seen['health']}"


def body(run):
    """Runs the five statements of the runbook beside /health/ready."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url)
    service.start()
    tenant = service.organization("one")
    gate.order(service.port, "pause", {"reason": "to look at the queue"})
    post(run, service, tenant)
    both = Comparison(run, store, service)
    both.expect("pending", EVENTS, PENDING, lambda h: h["queue"]["pending"])
    both.expect("not in events", EVENTS, WAITING, in_queue)
    compare_stuck(run, store, both)
    gate.order(service.port, "resume", {})
    service.wait_drained()
    both.expect("stored in the last minute", EVENTS, STORED,
                lambda h: h["rates"]["stored_per_minute"])
    both.expect("not in events at the end", 0, WAITING, in_queue)
    books = gate.order(service.port, "ledger/verify", {}).json()
    run.check(books["is_balanced"], f"the books: {books}")
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def in_queue(health):
    queue = health["queue"]
    return queue["pending"] + queue["processing"] + queue["quarantined"]


def post(run, service, tenant):
    batch = [{"type": "a", "payload": {"n": n}} for n in range(EVENTS)]
    answer = client.call(service.port, "POST", "/api/events/batch", batch,
                         key=tenant.key)
    run.check(answer.status == 202, f"batch: {answer}")


def compare_stuck(run, store, both):
    locks = RowLocks(run, store)
    run.check(locks.count == EVENTS, f"{locks.count} items are locked")
    store.execute(CLAIM.format(age=6, count=OLD))
    store.execute(CLAIM.format(age=1, count=YOUNG))
    both.expect("stuck", OLD, STUCK, lambda h: h["stuck"]["count"])
    health = both.service.health()
    run.check(health["stuck"]["level"] == "warning", f"stuck: {health}")
    run.check(health["status"] == "warning", f"status: {health}")
    run.check(health["queue"]["processing"] == OLD + YOUNG, f"{health}")
    both.expect("pending beside the claimed", EVENTS - OLD - YOUNG, PENDING,
                lambda h: h["queue"]["pending"])
    store.execute(RELEASE)
    both.expect("stuck after the release", 0, STUCK,
                lambda h: h["stuck"]["count"])
    both.expect("pending after the release", EVENTS, PENDING,
                lambda h: h["queue"]["pending"])
    locks.end()


if __name__ == "__main__":
    main("operator_counts", body, cycles=1, stores=("postgres",))
