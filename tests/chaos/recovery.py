"""Recoveries from two nodes at once, while an operator's SQL does damage.

Under load, events are copied from the queue into the log behind the service's
back, and items are held by nobody. At the end each event is in the log once.
"""

import threading
import time

import harness
from ctl import Ctl, start_with_console
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load, Mix

COLUMNS = "id, organization_id, type, payload, dedup_id"
COPY = (f"insert into events ({COLUMNS}, inserted_at, accepted_at)"
        f" select {COLUMNS}, now(), inserted_at from event_queue"
        " where status = 'pending' order by id desc limit 20"
        " on conflict do nothing")
FORGET = ("update event_queue set claimed_by = 'nobody' where id in (select id"
          " from event_queue where status = 'processing' limit 5)")


class Recoveries(threading.Thread):
    """Recovers on one node, over and over."""

    def __init__(self, on):
        super().__init__()
        self.on = on
        self.ends = threading.Event()
        self.done = 0
        self.unqueued = 0

    def run(self):
        while not self.ends.is_set():
            told = self.on.json("recover", "--yes", "--reason", "a test")
            self.unqueued += told.get("unqueued", 0)
            self.done += 1


def damage(store, seconds):
    """Copies items into the log, and takes claims from their holders."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        store.execute(COPY)
        store.execute(FORGET)
        time.sleep(0.1)


def two_nodes(run, store):
    """Both nodes, and the orders to each."""
    settings = {"processor.batch_size": "20", "processor.max_attempts": "100",
                "ledger.verify_interval": "1h"}
    first, on = start_with_console(run, store, settings)
    port = run.port()
    second = Service(run, store.url, "node-2", settings={
        **settings, "admin.listen": f"127.0.0.1:{port}",
        "admin.folder": str(on.folder)})
    second.start()
    other = Ctl(run, port, on.folder)
    if not harness.wait_until(lambda: other.raw("status").returncode == 0, 15):
        raise harness.Abort(f"no admin port: {second.last_words()}")
    return (first, second), (on, other)


def wait_until_mended(run, store, on):
    """Recovers until nothing is left to be mended and the queue is empty."""
    waiting = "select count(*) from event_queue"

    def is_mended():
        on.json("queue", "requeue", "--status", "quarantined", "--yes",
                "--reason", "a test")
        on.json("recover", "--yes", "--reason", "a test")
        return store.rows(waiting) == [["0"]]

    if not harness.wait_until(is_mended, 60, 0.2):
        run.violation(f"{store.rows(waiting)} items wait after 60 s")


def body(run):
    """Does damage under load while both nodes mend it."""
    store = open_store(run)
    store.start()
    nodes, consoles = two_nodes(run, store)
    tenants = [nodes[0].organization(name) for name in ("one", "two")]
    threads = [Recoveries(on) for on in consoles]
    with Load(run, [node.port for node in nodes], tenants,
              Mix(pause=0.002)) as load:
        for one in threads:
            one.start()
        for _ in run.cycles():
            damage(store, run.options.interval)
            for node in nodes:
                node.assert_alive()
        for one in threads:
            one.ends.set()
            one.join()
    wait_until_mended(run, store, consoles[0])
    consoles[0]("assess", says="verdict     nothing is damaged")
    run.figures["recoveries"] = sum(one.done for one in threads)
    run.figures["items unqueued"] = sum(one.unqueued for one in threads)
    run.check(run.figures["items unqueued"], "nothing was ever in both places")
    in_ledger = store.rows("select coalesce(sum(count), 0) from ledger where"
                           " kind in ('undoubled', 'undoubled_quarantined')")
    in_audit = store.rows(
        "select coalesce(sum(substring(target from 'unqueued=(\\d+)')::int), 0)"
        " from audit_log where action = 'recover'")
    run.check(in_ledger == in_audit,
              f"ledger {in_ledger}, audit log {in_audit}")
    for node in nodes:
        code, _ = node.terminate()
        run.check(code == 0, f"exit code {code} of {node.name}")
    check_invariants(run, store, load.book)


def options(parser):
    parser.add_argument("--interval", type=float, default=2.0,
                        help="seconds of damage in each cycle")


if __name__ == "__main__":
    harness.main("recovery", body, cycles=10, seconds=120,
                 stores=("postgres",), clients=4, extra=options)
