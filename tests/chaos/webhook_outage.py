"""An endpoint that was down gets all it missed, and never more than it takes."""

import collections
import json
import time

import client
from harness import main, wait_until
from receivers import Receivers
from service import Service
from stores import open_store

AT_ONCE = 8
RATE = 1000
BATCH = 1000
REFUSAL = "not one that webhooks are sent to"


def body(run):
    """Takes the receiver down while much is due, then up again."""
    store = open_store(run)
    store.start()
    receivers = Receivers(run)
    service = Service(run, store.url, settings={
        "delivery.allow_networks": "127.0.0.0/8",
        "delivery.retry_schedule": "1s 2s " + "5s " * 40,
        "ingest.max_queue_depth": "1000000"})
    service.start()
    tenant = service.organization("one")
    receivers.mark("down", True)
    endpoint = receivers.endpoint(service, tenant, "/down",
                                  max_in_flight=AT_ONCE, rate_per_second=RATE)
    event = json.dumps({"type": "outage", "payload": {"n": 1}})
    begin = time.monotonic()
    for first in range(0, run.options.events, BATCH):
        count = min(BATCH, run.options.events - first)
        answer = client.call(service.port, "POST", "/api/events/batch",
                             f"[{','.join([event] * count)}]".encode(),
                             key=tenant.key)
        run.check(answer.status == 202, f"not accepted: {answer}")
    service.wait_drained()
    time.sleep(max(0.0, begin + run.options.down - time.monotonic()))
    run.figures["attempts while it was down"] = len(receivers.seen())
    receivers.mark("down", False)
    up = time.monotonic()

    def left():
        found = service.health()["deliveries"]
        return found["pending"] + found["sending"] + found["failing"]

    if not wait_until(lambda: left() == 0,
                      120 + 3 * run.options.events / RATE, 0.5):
        run.violation(f"not delivered: {service.health()['deliveries']}")
    run.figures["delivered after, s"] = time.monotonic() - up
    check_forbidden(run, service, store)
    check_limits(run, receivers)
    tried = client.call(service.port, "POST",
                        f"/api/endpoints/{endpoint}/test", key=tenant.key)
    run.check(tried.status == 200 and tried.json()["delivered"]
              and receivers.seen()[-1][1:3]
              == [tried.json()["webhook_id"], "signed"],
              f"the test of an endpoint: {tried}, {receivers.seen()[-1]}")
    service.terminate()


def check_forbidden(run, service, store):
    """The service and its database are no targets, whatever is allowed."""
    tenant = service.organization("two")
    targets = [f"http://127.0.0.1:{service.port}/api/events"]
    if store.kind == "postgres":
        targets.append(f"http://127.0.0.1:{store.port}/")
    for url in targets:
        made = client.call(service.port, "POST", "/api/endpoints",
                           {"url": url}, key=tenant.key)
        run.check(made.status == 201, f"{url}: {made}")
        tried = client.call(service.port, "POST",
                            f"/api/endpoints/{made.json()['id']}/test",
                            key=tenant.key)
        run.check(not tried.json()["delivered"] and REFUSAL
                  in tried.json()["error"], f"{url}: tried: {tried}")
    sent = client.call(service.port, "POST", "/api/events",
                       {"type": "own", "payload": {}}, key=tenant.key)
    run.check(sent.status == 202, f"not accepted: {sent}")

    def refused():
        shown = client.call(service.port, "GET",
                            f"/api/events/{sent.json()['id']}",
                            key=tenant.key).json()
        return sum(REFUSAL in (one.get("last_error") or "")
                   for one in shown["deliveries"])

    run.check(wait_until(lambda: refused() == len(targets), 20, 0.1),
              f"{refused()} of {len(targets)} own targets refused")


def check_limits(run, receivers):
    lines = receivers.seen()
    arrived = {line[1] for line in lines if line[2] == "signed"}
    run.check(len(arrived) == run.options.events,
              f"{len(arrived)} of {run.options.events} arrived")
    most = max(int(line[5]) for line in lines)
    run.check(most <= AT_ONCE, f"{most} at once, {AT_ONCE} allowed")
    times = sorted(float(line[4]) for line in lines)
    window = collections.deque()
    busiest = 0
    for moment in times:
        window.append(moment)
        while window[0] <= moment - 1.0:
            window.popleft()
        busiest = max(busiest, len(window))
    # What is spaced when it is sent may come closer together.
    run.check(busiest <= RATE * 1.2, f"{busiest} within a second")
    run.figures["most at once"] = most
    run.figures["most within a second"] = busiest
    run.figures["requests"] = len(lines)


def options(parser):
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--down", type=float, default=600.0,
                        help="seconds that the receiver is down")


if __name__ == "__main__":
    main("webhook_outage", body, cycles=1, extra=options)
