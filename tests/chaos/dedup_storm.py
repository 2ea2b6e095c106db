"""Many clients send the same name at the same moment, through kill -9."""

import hashlib
import threading
import time

import client
from harness import main
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Book, Event, batch_results, first_id

ROUNDS_PER_KILL = 10
PATIENCE = 60.0


class Storm:
    """One client; in each round it sends what all others send, too."""

    def __init__(self, run, port, owner):
        self.run = run
        self.owner = owner
        self.answers = []
        self._link = client.Connection(port)

    def settle(self, gate, event):
        """Sends until the event's fate is known; keeps the id it was told."""
        gate.wait(30)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            identity = self._try(event)
            if identity:
                self.answers.append(identity)
                return
            time.sleep(0.02)
        self.run.violation(f"{event.name} never settled")

    def _try(self, event):
        headers = [("X-API-Key", self.owner.key),
                   ("Content-Type", "application/json")]
        path, body = "/api/events", event.body
        if event.scope == "request":
            headers.append(("Idempotency-Key", event.name))
        if event.scope == "batch":
            path, body = "/api/events/batch", b"[%s,%s]" % (body, body)
        try:
            answer = self._link.exchange("POST", path, body, headers)
        except client.FAULTS:
            return None
        if answer.status == 503:
            return None
        if event.scope == "batch":
            return self._from_batch(answer)
        if answer.status not in (202, 409):
            self.run.violation(f"{event.scope} {event.name}: {answer}")
        return first_id(answer)

    def _from_batch(self, answer):
        told = [result.get("id") or result["error"].get("event_id")
                for result in batch_results(answer)]
        if None in told:
            return None
        self.run.check(told[0] == told[1], f"twins in a batch: {answer}")
        return told[0]


def body(run):
    """All clients send one event under one name at once; one id results."""
    store = open_store(run)
    store.start()
    count = 1 if store.kind == "sqlite" else 2
    nodes = [Service(run, store.url, f"node-{n}") for n in range(count)]
    for node in nodes:
        node.start()
    owner = nodes[0].organization("storm")
    storms = [Storm(run, nodes[n % count].port, owner)
              for n in range(run.options.clients)]
    book = Book()
    for cycle in run.cycles():
        for number in range(ROUNDS_PER_KILL):
            kill = number == ROUNDS_PER_KILL - 1
            event = make_event(run, owner, f"{run.seed}-{cycle}-{number}")
            one_round(run, storms, event, book,
                      nodes[cycle % count] if kill else None)
        if cycle % 10 == 9:
            run.say(f"cycle {cycle + 1}")
    run.figures["names"] = len(book.acknowledged)
    nodes[0].wait_drained()
    for node in nodes:
        node.terminate()
    check_invariants(run, store, book)


def make_event(run, owner, name):
    scope = run.random.choice(("event", "request", "batch"))
    payload = b'{"name":"%s"}' % name.encode()
    body = b'{"type":"storm","payload":%s' % payload
    if scope != "request":
        body += b',"dedup_id":"%s"' % name.encode()
    return Event(owner, scope, name, body + b"}",
                 hashlib.sha256(payload).hexdigest())


def one_round(run, storms, event, book, victim):
    gate = threading.Barrier(len(storms) + 1)
    threads = [threading.Thread(target=storm.settle, args=(gate, event))
               for storm in storms]
    for thread in threads:
        thread.start()
    gate.wait(30)
    if victim:
        time.sleep(run.random.uniform(0.0, 0.02))
        victim.kill()
        victim.start()
    for thread in threads:
        thread.join()
    told = {identity for storm in storms for identity in storm.answers}
    for storm in storms:
        storm.answers.clear()
    run.check(len(told) == 1, f"{event.scope} {event.name} has ids {told}")
    if event.scope == "batch":
        event.scope = "event"
    for identity in told:
        book.acknowledged[identity] = event
        book.ids[event.digest] = identity


if __name__ == "__main__":
    main("dedup_storm", body, cycles=50, clients=32)
