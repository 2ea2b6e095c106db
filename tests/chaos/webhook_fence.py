"""A sender that stood still beyond its lease changes nothing any more."""

import re
import signal
import time

import client
from harness import Abort, main, wait_until
from receivers import Receivers
from service import Service
from stores import open_store

EVENTS = 5
SETTINGS = {
    "delivery.allow_networks": "127.0.0.0/8",
    "delivery.timeout": "20s",
    "node.heartbeat_interval": "200ms", "node.dead_after": "1s"}


def body(run):
    """Freezes a node with requests in flight; another one delivers them."""
    store = open_store(run)
    store.start()
    receivers = Receivers(run)
    nodes = [Service(run, store.url, f"node-{n}", SETTINGS) for n in (1, 2)]
    nodes[0].start()
    tenant = nodes[0].organization("one")
    for _ in run.cycles():
        freeze_once(run, store, receivers, nodes, tenant)
    for node in nodes:
        node.terminate()


def freeze_once(run, store, receivers, nodes, tenant):
    frozen, other = nodes
    before = len(receivers.seen())
    receivers.mark("hold", True)
    endpoint = receivers.endpoint(frozen, tenant, f"/hold-{before}",
                                  max_in_flight=EVENTS)
    if other.is_alive():
        other.terminate()
    sent = {post(run, frozen, tenant) for _ in range(EVENTS)}

    def sending():
        return store.rows(
            "SELECT count(*) FROM event_deliveries WHERE status = 'sending'"
            f" AND endpoint_id = '{endpoint}'")[0][0]

    if not wait_until(lambda: int(sending()) > 0, 20):
        raise Abort("nothing was sent")
    held = int(sending())
    frozen.signal(signal.SIGSTOP)
    try:
        other.start()
        if not wait_until(lambda: len(receivers.seen()) - before >= EVENTS, 30):
            run.violation("the other node did not deliver: "
                          f"{receivers.seen()[before:]}")
        rows = rows_of(store, endpoint)
        run.check(all(row[1] == "delivered" for row in rows),
                  f"after the other node: {rows}")
        receivers.mark("hold", False)
        wait_until(lambda: len(receivers.seen()) - before >= EVENTS + held, 20)
    finally:
        frozen.signal(signal.SIGCONT)
    if not wait_until(lambda: lost(frozen) >= held, 20):
        run.violation(f"{held} late results, {lost(frozen)} counted as lost")
    run.check(rows_of(store, endpoint) == rows, "a late result changed a row")
    seen = [line for line in receivers.seen()[before:]]
    run.check(len(seen) == EVENTS + held and {line[1] for line in seen} == sent,
              f"{len(seen)} requests for {len(sent)} events, {held} held")
    run.figures["late results"] = run.figures.get("late results", 0) + held
    client.call(frozen.port, "DELETE", f"/api/endpoints/{endpoint}",
                key=tenant.key)


def post(run, node, tenant):
    answer = client.call(node.port, "POST", "/api/events",
                         {"type": "fence", "payload": {}}, key=tenant.key)
    run.check(answer.status == 202, f"not accepted: {answer}")
    return answer.json()["id"]


def rows_of(store, endpoint):
    return sorted(store.rows(
        "SELECT event_id, status, attempts, response_status, updated_at"
        f" FROM event_deliveries WHERE endpoint_id = '{endpoint}'"))


def lost(node):
    text = client.call(node.port, "GET", "/metrics").body.decode()
    found = re.search(r"^sluice_deliveries_lost_total (\d+)", text, re.M)
    return int(found.group(1)) if found else 0


if __name__ == "__main__":
    main("webhook_fence", body, cycles=20, stores=("postgres",))
