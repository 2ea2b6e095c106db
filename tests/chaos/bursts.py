"""kill -9, and on PostgreSQL an operator's SQL, while many clients write at once.

Then items go into the log without a claim, which the other scripts, with a few
clients, hardly ever see.
"""

import re
import time

import client
from harness import main, wait_until
from invariants import check_invariants
from operator_sql import Operator
from service import Service
from stores import open_store
from writers import Load, Mix, Writer

CONNECTIONS = 100
PATIENCE = 10


class Volleys(Writer):
    """As many clients as there are connections: all ask, then all read."""

    def _step(self):
        port = self._connections[0].port
        links = [client.Connection(port) for _ in range(CONNECTIONS)]
        try:
            while not self._ending.is_set():
                self._volley(links)
        except client.FAULTS as fault:
            self.book.faults[type(fault).__name__.lower()] += 1
            self._ending.wait(0.02)
        finally:
            for link in links:
                link.close()

    def _volley(self, links):
        events = []
        messages = []
        for link in links:
            owner = self._random.choice(self._organizations)
            events.append(self._fresh(owner))
            messages.append(link.compose(
                "POST", "/api/events", events[-1].body,
                [("X-API-Key", owner.key),
                 ("Content-Type", "application/json")]))
        heard = 0
        try:
            for link, message in zip(links, messages):
                link.send(message)
            for link, event in zip(links, events):
                self._hear(link.receive("POST"), event)
                heard += 1
        finally:
            for event in events[heard:]:
                self._doubt(event)

    def _hear(self, answer, event):
        self.book.answers[answer.status, ""] += 1
        if answer.status == 202:
            self.last_success = time.monotonic()
            self._settle(event, answer.json()["id"])
        elif answer.status == 503:
            self._refuse(event, answer.json())
        else:
            self.run_.violation(f"{event.name}: {answer}")


def without_claim(service):
    """How many events this life has stored so."""
    answer = client.call(service.port, "GET", "/metrics")
    found = re.search(r"^sluice_events_stored_without_claim_total (\d+)",
                      answer.body.decode(), re.M)
    return int(found[1]) if found else 0


def body(run):
    """Kills the service while bursts come in, and releases what is claimed."""
    store = open_store(run)
    store.start()
    # What Python sends in a volley is several claims.
    service = Service(run, store.url, settings={
        "processor.batch_size": "10"})
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    release = time.sleep
    if run.options.store == "postgres":
        release = Operator(run, store).work
    moved = 0
    with Load(run, [service.port], tenants, Mix(named=0.0),
              kind=Volleys) as load:
        for _ in run.cycles():
            # A busy machine may take a while to send a volley at once.
            moved += wait_until(lambda: without_claim(service), PATIENCE) or 0
            release(run.random.uniform(0.0, 0.5))
            service.kill()
            service.start()
    run.figures["stored without a claim, at the least"] = moved
    run.check(moved, "nothing was stored without a claim; nothing was tested")
    service.wait_drained()
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    check_invariants(run, store, load.book)


if __name__ == "__main__":
    main("bursts", body, cycles=60, clients=2)
