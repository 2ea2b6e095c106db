"""Rows deleted, inserted and copied by hand: the books tell which."""

import uuid

import client
import gate
from harness import main, wait_until
from service import Service
from stores import open_store

EVENTS = 200


def body(run):
    """Tampers with the tables; the check names the ids, a repair settles."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url, settings={
        "ledger.verify_interval": run.options.verify_every})
    service.start()
    tenant = service.organization("one")
    send(run, service, tenant)
    service.wait_drained()
    gate.order(service.port, "pause")
    send(run, service, tenant)
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    expected = tamper(store)
    service.start(ready_within=0)
    wait_until(lambda: gate.state(service.port), 20, 0.05)
    critical = wait_until(lambda: is_critical(service), 20, 0.1)
    run.check(critical, f"health never turned critical: {service.health()}")
    check_report(run, service, expected)
    answer = gate.order(service.port, "ledger/repair", {"reason": "chaos"})
    run.check(answer.status == 200, f"repair: {answer}")
    answer = gate.order(service.port, "ledger/verify")
    run.check(answer.json()["is_balanced"], f"after the repair: {answer}")
    well = wait_until(lambda: service.health()["ledger"]["balanced"], 20, 0.1)
    run.check(well, f"health did not recover: {service.health()}")
    gate.order(service.port, "resume")
    service.wait_drained()
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def send(run, service, tenant):
    batch = [{"type": "t", "payload": {"n": n}} for n in range(EVENTS)]
    answer = client.call(service.port, "POST", "/api/events/batch", batch,
                         key=tenant.key)
    run.check(answer.status == 202, f"batch: {answer}")


def tamper(store):
    """One fault of each kind; returns (fault, event id) of each."""
    stored = [row[0] for row in store.rows("select id from events order by id")]
    waiting = [row[0] for row in store.rows(
        "select id from event_queue order by id")]
    stranger = str(uuid.uuid4())
    columns = "organization_id, type, payload, dedup_id"
    store.offline(
        f"DELETE FROM events WHERE id = '{stored[3]}'",
        f"DELETE FROM event_queue WHERE id = '{waiting[5]}'",
        f"INSERT INTO events (id, {columns}, inserted_at, accepted_at) SELECT"
        f" '{stranger}', {columns}, inserted_at, accepted_at FROM events WHERE"
        f" id = '{stored[7]}'",
        f"INSERT INTO event_queue (id, {columns}, status, attempts,"
        f" not_before, inserted_at) SELECT id, {columns}, 'pending', 0,"
        f" inserted_at, inserted_at FROM events WHERE id = '{stored[9]}'")
    return {("missing", stored[3]), ("missing", waiting[5]),
            ("surplus", stranger), ("doubled", stored[9])}


def is_critical(service):
    try:
        health = service.health()
    except client.FAULTS:
        return False
    return health["status"] == "critical" and not health["ledger"]["balanced"]


def check_report(run, service, expected):
    answer = gate.order(service.port, "ledger/verify")
    report = answer.json()
    found = {(one["fault"], one["event_id"]) for one in report["faults"]}
    run.check(found == expected, f"found {found}, expected {expected}")
    run.check(report["fault_count"] == len(expected), f"{report}")


def options(parser):
    parser.add_argument("--verify-every", default="500ms",
                        help="ledger.verify_interval of the service")


if __name__ == "__main__":
    main("tampering", body, cycles=1, extra=options)
