"""An endpoint is switched from push to pull and back, and loses nothing."""

import collections
import time

import client
from harness import main
from invariants import check_invariants
from pullers import Fetcher
from receivers import Receivers
from service import Service
from stores import open_store
from webhooks import SETTINGS, wait_delivered
from writers import Load, Mix

LEASE = 1
PATH = "/both"


class Puller(Fetcher):
    """Fetches what there is; acknowledges most of it, and keeps the rest."""

    def __init__(self, run, service, tenant, endpoint):
        super().__init__(run, [service.port], tenant.key, 1)
        self._endpoint = endpoint
        # When the answer came that an event is delivered.
        self.delivered = {}
        self.fetched = 0

    def _once(self):
        claim = self._post("claim", {
            "endpoint_id": self._endpoint, "lease_seconds": LEASE,
            "limit": self._random.randint(1, 20)}) or {}
        held = [event["id"] for event in claim.get("events", [])]
        self.fetched += len(held)
        if not held:
            time.sleep(0.02)
            return
        kind = self._random.random()
        if kind < 0.1:  # dies
            return
        verb = "ack" if kind < 0.9 else "release"
        answer = self._post(verb, {"claim_id": claim["claim_id"], "ids": held})
        for result in (answer or {}).get("results", []):
            if result["status"] == "delivered":
                self.delivered[result["id"]] = time.monotonic()


def body(run):
    """Switches under load and kill -9; every event arrives one way or both."""
    store = open_store(run)
    store.start()
    receivers = Receivers(run)
    service = Service(run, store.url, settings=SETTINGS)
    service.start()
    tenant = service.organization("one")
    endpoint = receivers.endpoint(service, tenant, PATH, max_in_flight=8)
    puller = Puller(run, service, tenant, endpoint)
    puller.start()
    with Load(run, [service.port], [tenant],
              Mix(pause=0.02, largest_batch=5)) as load:
        for _ in run.cycles():
            for _ in range(run.options.switches):
                switch(run, service, tenant, endpoint, "pull")
                time.sleep(run.random.uniform(0, run.options.pause))
                switch(run, service, tenant, endpoint, "push")
                time.sleep(run.random.uniform(0, run.options.pause))
            service.kill()
            service.start()
    service.wait_drained()
    wait_delivered(run, service)
    puller.is_over.set()
    puller.join(10)
    service.terminate()
    check_invariants(run, store, load.book)
    check(run, store, tenant, receivers, puller, endpoint)


def switch(run, service, tenant, endpoint, mode):
    answer = client.call(service.port, "PATCH", f"/api/endpoints/{endpoint}",
                         {"mode": mode}, key=tenant.key)
    run.check(answer.status == 200 and answer.json()["mode"] == mode,
              f"to {mode}: {answer}")


def check(run, store, tenant, receivers, puller, endpoint):
    events = {row[0] for row in store.rows(
        f"SELECT id FROM events WHERE organization_id = '{tenant.id}'")}
    rows = store.rows("SELECT event_id, status FROM event_deliveries"
                      f" WHERE endpoint_id = '{endpoint}'")
    left = [row for row in rows if row[1] != "delivered"]
    run.check(not left, f"{len(left)} are not delivered: {left[:3]}")
    run.check({row[0] for row in rows} == events and len(rows) == len(events),
              f"{len(rows)} deliveries for {len(events)} events")
    sent = collections.defaultdict(list)
    for _, event, verdict, _, came, _ in receivers.seen():
        sent[event].append(float(came))
        run.check(verdict == "signed", f"{event}: {verdict}")
    missed = events - set(sent) - set(puller.delivered)
    run.check(not missed, f"{len(missed)} came neither way: "
              f"{sorted(missed)[:3]}")
    again = [event for event, when in puller.delivered.items()
             if any(came > when for came in sent[event])]
    run.check(not again, f"{len(again)} were sent after they had been "
              f"acknowledged: {again[:3]}")
    run.check(puller.delivered and sent, "one of the ways was not taken")
    run.figures["events"] = len(events)
    run.figures["fetched"] = puller.fetched
    run.figures["fetched and acknowledged"] = len(puller.delivered)
    run.figures["sent"] = sum(map(len, sent.values()))


def options(parser):
    parser.add_argument("--switches", type=int, default=5,
                        help="to pull and back, in a cycle")
    parser.add_argument("--pause", type=float, default=0.4,
                        help="seconds between two switches, at the most")


if __name__ == "__main__":
    main("mode_switch", body, cycles=20, clients=4, extra=options)
