"""Webhooks reach every endpoint that wants them, through kill -9."""

import collections
import time

from harness import main, wait_until
from invariants import check_invariants
from receivers import Receivers
from service import Service
from stores import open_store
from writers import Load, Mix

# Whatever fails is soon tried again.
SETTINGS = {
    "delivery.allow_networks": "127.0.0.0/8",
    "delivery.timeout": "2s", "delivery.connect_timeout": "1s",
    "delivery.retry_schedule": "100ms " * 20,
    "store.connect_timeout": "1s", "store.call_timeout": "2s"}

# Path, event types that the endpoint wants, requests at once.
ENDPOINTS = (
    ("/all", None, 8),
    ("/slow", None, 16),
    ("/one", ["chaos.1"], 4),
    ("/some", ["other", "chaos.2", "chaos.3", "nothing.*"], 8),
    ("/prefix", ["chaos.*"], 8),
    ("/none", ["chaos", "chaos.1.*"], 8),
)


def wants(types, name):
    return types is None or any(
        one == name or (one.endswith(".*") and name.startswith(one[:-1]))
        for one in types)


def body(run):
    """Kills the service under load; counts what the receivers got."""
    store = open_store(run)
    store.start()
    receivers = Receivers(run)
    service = Service(run, store.url, settings=SETTINGS)
    service.start()
    tenant = service.organization("one")
    other = service.organization("two")
    ids = {receivers.endpoint(service, tenant, path, event_types=types,
                              max_in_flight=at_once): (path, types, at_once)
           for path, types, at_once in ENDPOINTS}
    with Load(run, [service.port], [tenant, other],
              Mix(pause=0.02, largest_batch=5)) as load:
        for _ in run.cycles():
            time.sleep(run.options.interval)
            service.kill()
            service.start()
    service.wait_drained()
    wait_delivered(run, service)
    service.terminate()
    check_invariants(run, store, load.book)
    check_deliveries(run, store, tenant, receivers, ids)


def wait_delivered(run, service):
    """Until nothing is on its way, or due."""
    def left():
        found = service.health()["deliveries"]
        return found["pending"] + found["sending"] + found["failing"]

    begin = time.monotonic()
    if not wait_until(lambda: left() == 0, 90, 0.2):
        run.violation(f"not delivered: {service.health()['deliveries']}")
    run.figures["delivered after the last start, s"] = time.monotonic() - begin


def check_deliveries(run, store, tenant, receivers, ids):
    """Each event, at each endpoint that wants it: once or more, signed."""
    events = store.rows(
        "SELECT id, type, digest(payload) FROM events"
        f" WHERE organization_id = '{tenant.id}'")
    rows = collections.defaultdict(set)
    for event, endpoint, status in store.rows(
            "SELECT event_id, endpoint_id, status FROM event_deliveries"
            f" WHERE organization_id = '{tenant.id}'"
            " AND endpoint_id IN (SELECT id FROM endpoints"
            " WHERE kind = 'push')"):
        rows[event].add(endpoint)
        run.check(status == "delivered", f"{event} to {endpoint}: {status}")
    got = collections.Counter()
    known = {event: digest for event, _, digest in events}
    for path, event, verdict, digest, _, _ in receivers.seen():
        got[path, event] += 1
        run.check(verdict == "signed", f"{path} {event}: {verdict}")
        run.check(known.get(event) == digest,
                  f"{path} got {event} with other bytes, or of another")
    for event, name, _ in events:
        wanted = {identity for identity, (_, types, _) in ids.items()
                  if wants(types, name)}
        run.check(rows[event] == wanted,
                  f"{event} of {name}: deliveries {len(rows[event])}, "
                  f"endpoints that want it {len(wanted)}")
        for identity, (path, types, _) in ids.items():
            has = got.pop((path, event), 0)
            run.check((has > 0) == wants(types, name),
                      f"{path} got {event} of {name} {has} times")
            run.figures["requests"] = run.figures.get("requests", 0) + has
            run.figures["repeats"] = (run.figures.get("repeats", 0)
                                      + max(has - 1, 0))
    run.check(not got, f"requests for unknown events: {list(got)[:3]}")
    at_once = sum(limit for _, _, limit in ENDPOINTS)
    run.check(run.figures["repeats"] <= at_once * run.figures["cycles"],
              "more repeats than could have been in flight")
    run.figures["events"] = len(events)


def options(parser):
    parser.add_argument("--interval", type=float, default=1.0,
                        help="seconds between two kills")


if __name__ == "__main__":
    main("webhooks", body, cycles=180, clients=4, extra=options)
