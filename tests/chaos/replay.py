"""A replay goes on where it was after each kill -9, and ends when told to."""

import collections
import time

import client
from harness import Abort, main, wait_until
from receivers import Receivers
from service import Service
from stores import open_store
from verify_load import fill

PATH = "/all"
IN_FLIGHT = 32


def body(run):
    """Replays all that an endpoint had; kills the service in the middle."""
    store = open_store(run)
    store.start()
    receivers = Receivers(run)
    service = Service(run, store.url, settings={
        "ingest.max_queue_depth": "1000000000",
        "delivery.allow_networks": "127.0.0.0/8",
        "delivery.retry_schedule": "100ms " * 20})
    service.start()
    tenant = service.organization("one")
    endpoint = receivers.endpoint(service, tenant, PATH,
                                  max_in_flight=IN_FLIGHT)
    ask(service, tenant, "POST", f"endpoints/{endpoint}/pause", {})
    fill(run, service, tenant, run.options.events)
    service.terminate()
    # As if it had all arrived, long ago.
    store.offline("UPDATE event_deliveries SET status = 'delivered',"
                  " attempts = 1 WHERE next_attempt_at IS NOT NULL")
    service.start()
    ask(service, tenant, "POST", f"endpoints/{endpoint}/resume")
    replay(run, service, tenant, endpoint, run.options.events)
    wait_delivered(run, service)
    kills = run.figures["kills"]
    service.terminate()
    events = {row[0] for row in store.rows("SELECT id FROM events")}
    got = check_arrived(run, receivers, events, kills)
    service.start()
    cancel(run, service, tenant, endpoint, receivers, got)
    service.terminate()


def ask(service, tenant, method, path, body=None, status=200):
    answer = client.call(service.port, method, f"/api/{path}", body,
                         key=tenant.key, timeout=30)
    if answer.status != status:
        raise Abort(f"{method} {path}: {answer}")
    return answer.json()


def begin(service, tenant, endpoint, **more):
    return ask(service, tenant, "POST", f"endpoints/{endpoint}/replay",
               {"since": "2020-01-01T00:00:00Z", **more},
               200 if more.get("dry_run") else 202)


def replay(run, service, tenant, endpoint, count):
    """To its end, through kills."""
    counted = begin(service, tenant, endpoint, dry_run=True)
    # It counts for so long only, and says so.
    run.check(counted["count"] == count if counted["is_complete"]
              else 0 < counted["count"] < count, f"dry run: {counted}")
    job = begin(service, tenant, endpoint,
                rate=count // run.options.lasting)["id"]
    run.figures["kills"] = 0
    came_to = -1
    started = time.monotonic()
    next_kill = started + run.options.interval
    while True:
        seen = ask(service, tenant, "GET", f"replays/{job}")
        if not run.check(seen["replayed"] >= came_to,
                         f"from {came_to} back to {seen['replayed']}"):
            return
        came_to = seen["replayed"]
        if seen["state"] != "running":
            break
        if time.monotonic() > next_kill:
            service.kill()
            service.start()
            run.figures["kills"] += 1
            next_kill = time.monotonic() + run.options.interval
        time.sleep(0.1)
    run.figures["replay took, s"] = time.monotonic() - started
    run.check(seen["state"] == "done" and came_to == count
              and seen["examined"] >= count, f"at its end: {seen}")
    run.check(run.figures["kills"] > 0, "it was over before the first kill")


def wait_delivered(run, service):
    """Until nothing is on its way, or due."""
    def left():
        found = service.health()["deliveries"]
        return found["pending"] + found["sending"] + found["failing"]

    # Health is a sample: an older one may tell of the time before.
    time.sleep(2.5)
    if not wait_until(lambda: left() == 0, run.options.patience, 0.3):
        run.violation(f"not delivered: {service.health()['deliveries']}")


def check_arrived(run, receivers, events, kills):
    """Each event, once or a little more. Returns how many requests came."""
    got = collections.Counter()
    for _, event, verdict, *_ in receivers.seen():
        run.check(verdict == "signed", f"{event}: {verdict}")
        got[event] += 1
    missing = len(events - got.keys())
    repeats = sum(got.values()) - len(got)
    run.check(missing == 0, f"{missing} of {len(events)} did not arrive")
    run.check(not got.keys() - events, "requests for unknown events")
    run.check(repeats <= IN_FLIGHT * kills,
              f"{repeats} repeats after {kills} kills")
    run.figures["events"] = len(events)
    run.figures["requests"] = sum(got.values())
    run.figures["repeats"] = repeats
    return sum(got.values())


def cancel(run, service, tenant, endpoint, receivers, before):
    """Nothing is due any more once a cancel has been answered."""
    job = begin(service, tenant, endpoint, rate=run.options.events // 10)["id"]
    wait_until(lambda: ask(service, tenant, "GET",
                           f"replays/{job}")["replayed"] > 0, 10)
    begun = time.monotonic()
    ended = ask(service, tenant, "DELETE", f"replays/{job}")
    run.figures["cancel took, s"] = time.monotonic() - begun
    run.check(run.figures["cancel took, s"] < 1, "a cancel took too long")
    run.check(ended["state"] == "cancelled"
              and 0 < ended["replayed"] < run.options.events,
              f"cancelled: {ended}")
    wait_delivered(run, service)
    time.sleep(2)
    after = ask(service, tenant, "GET", f"replays/{job}")
    run.check(after == ended, f"after its cancel: {after}, not {ended}")
    listed = ask(service, tenant, "GET", f"endpoints/{endpoint}/replays")
    run.check(listed["replays"][0] == ended and len(listed["replays"]) == 2,
              f"listed: {listed}")
    came = sum(1 for _ in receivers.seen()) - before
    run.check(came == ended["replayed"],
              f"{came} came again of {ended['replayed']} that were due")


def options(parser):
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--lasting", type=int, default=40,
                        help="seconds that the replay takes by its rate")
    parser.add_argument("--interval", type=float, default=6.0,
                        help="seconds between two kills")
    parser.add_argument("--patience", type=float, default=600.0,
                        help="seconds until all that is due has arrived")


if __name__ == "__main__":
    main("replay", body, cycles=1, extra=options)
