"""Once a switch has returned, nothing goes the old way any more."""

import collections
import threading
import time

import client
import gate
from harness import main, wait_until
from service import Service
from stores import open_store

EVENT = b'{"type":"barrier","payload":{"n":1}}'


class Hammer(threading.Thread):
    """Posts without a pause; notes when each request began and its answer."""

    def __init__(self, port, key):
        super().__init__(daemon=True)
        self.answers = collections.deque(maxlen=1_000_000)
        self.ends = threading.Event()
        self._connection = client.Connection(port)
        self._headers = [("X-API-Key", key),
                         ("Content-Type", "application/json")]

    def run(self):
        while not self.ends.is_set():
            begin = time.monotonic()
            try:
                answer = self._connection.exchange("POST", "/api/events", EVENT,
                                                   self._headers)
            except client.FAULTS:
                continue
            self.answers.append((begin, answer.status))
        self._connection.close()


def body(run):
    """Hammers all nodes while the modes are switched; none may leak."""
    store = open_store(run)
    store.start()
    count = 3 if run.options.store == "postgres" else 1
    nodes = [Service(run, store.url, f"node-{n + 1}") for n in range(count)]
    for node in nodes:
        node.start()
    ports = [node.port for node in nodes]
    tenant = nodes[0].organization("one")
    hammers = [Hammer(ports[n % count], tenant.key)
               for n in range(run.options.clients)]
    for hammer in hammers:
        hammer.start()
    for cycle in run.cycles():
        mode = ("sync", "reject", "async")[cycle % 3]
        check_mode(run, hammers, run.random.choice(ports), mode)
        if cycle % 10 == 9:
            check_pause(run, store, hammers, run.random.choice(ports))
    for hammer in hammers:
        hammer.ends.set()
    for hammer in hammers:
        hammer.join(20)
    gate.open_wide(run, ports)
    nodes[0].wait_drained()
    answer = gate.order(ports[0], "ledger/verify")
    run.check(answer.status == 200 and answer.json()["is_balanced"],
              f"the ledger: {answer}")
    for node in nodes:
        code, _ = node.terminate()
        run.check(code == 0, f"exit code {code} of {node.name}")


ALLOWED = {"sync": {201, 503}, "reject": {503}, "async": {202, 503}}


def check_mode(run, hammers, port, mode):
    """No request that begins behind the switch is answered the old way."""
    answer = gate.order(port, "mode", {"mode": mode, "wait_ms": 0})
    returned = time.monotonic()
    if not run.check(answer.status == 200, f"mode {mode}: {answer}"):
        return
    time.sleep(run.random.uniform(0.01, 0.08))
    seen = collections.Counter()
    for hammer in hammers:
        seen.update(status for begin, status in list(hammer.answers)
                    if begin > returned)
    wrong = {status: count for status, count in seen.items()
             if status not in ALLOWED[mode]}
    run.check(not wrong, f"after mode {mode} has returned: {wrong}")
    run.figures[f"{mode}: answers"] = (
        run.figures.get(f"{mode}: answers", 0) + sum(seen.values()))


def check_pause(run, store, hammers, port):
    """After a pause no row turns to processing."""
    gate.order(port, "mode", {"mode": "async", "wait_ms": 0})
    answer = gate.order(port, "pause", {"wait_ms": 0})
    run.check(answer.status == 200, f"pause: {answer}")
    if store.kind == "postgres":
        before = claims(store)
        # What has come in since would be claimed, if anything were.
        seen = sum(len(hammer.answers) for hammer in hammers)
        came = wait_until(lambda: sum(len(hammer.answers) for hammer in hammers)
                          >= seen + 100, 5)
        run.check(came, "no events came in behind the pause")
        fresh = claims(store) - before
        run.check(not fresh, f"claimed behind the pause: {sorted(fresh)[:3]}")
    answer = gate.order(port, "resume", {"wait_ms": 0})
    run.check(answer.status == 200, f"resume: {answer}")


def claims(store):
    return {row[0] for row in store.rows(
        "select distinct claim_id from event_queue"
        " where status = 'processing'")}


if __name__ == "__main__":
    main("barrier", body, cycles=1000, clients=6)
