"""What the service stands on fails for a while, under load: it waits."""

import time

import client
import gate
from faults import FAULTS
from harness import Skip, main, wait_until
from invariants import check_invariants
from service import Service
from writers import Load, Mix

CALL_TIMEOUT = 1.0
# What a client waits at the most: a call that runs into its deadline, the
# look-up of its outcome on a new connection, and slack for a busy machine.
ANSWER_LIMIT = 3 * CALL_TIMEOUT + 2.0
# An answer may be on its way when the fault strikes.
STRAGGLER_LIMIT = 1.0
BACK_LIMIT = 5.0
# From the beginning of a fault until health says so: a heartbeat, a call that
# runs into its deadline, two seconds of patience, and a sample.
NOTICE_LIMIT = 8.0
# Threads that serve requests end some seconds after the last one.
STEADY_LOOKS = 30
THREADS_LIMIT = 40.0


def body(run):
    """Strikes and heals, again and again, while clients write."""
    kind = FAULTS[run.options.fault]
    if run.options.store not in kind.stores:
        raise Skip(f"{kind.name} is no fault of {run.options.store}")
    fault = kind(run)
    service = Service(run, fault.url, settings={
        "store.call_timeout": f"{CALL_TIMEOUT:g}s",
        "store.connect_timeout": f"{CALL_TIMEOUT:g}s"},
        environment=fault.environment)
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    threads = resting_threads(service)
    back = []
    with Load(run, [service.port], tenants,
              Mix(batch=0.1, pause=run.options.pause)) as load:
        for cycle in run.cycles():
            # Nothing comes back to a load that does not flow.
            begin = time.monotonic()
            wait_until(lambda: load.success_since(begin), 10)
            time.sleep(run.random.uniform(0.1, 0.6))
            back.append(suffer(run, service, load, fault))
            if cycle % 10 == 9:
                run.say(f"cycle {cycle + 1}, {load.acknowledged()}"
                        " acknowledged")
    back.sort()
    run.figures["back after, median s"] = back[len(back) // 2]
    run.figures["back after, worst s"] = back[-1]
    check_answers(run, fault, load.book)
    check_threads(run, service, threads)
    service.wait_ready(10)
    run.check(service.lives == 1, "the service was started again")
    book = load.book
    if fault.distrusts_memory:
        book = die_meanwhile(run, service, fault, tenants, book)
    finish(run, fault, service, book)


def suffer(run, service, load, fault):
    """One outage; the seconds from its end to the next accepted event."""
    struck = time.monotonic()
    fault.strike()
    lasts = run.random.uniform(*fault.lasting(run.options.longest))
    time.sleep(lasts)
    service.assert_alive()
    if fault.is_total:
        check_refused(run, load, fault, struck, lasts)
    if fault.told is not None:
        check_noticed(run, service, load, fault, struck)
    fault.heal()
    healed = time.monotonic()
    accepted = wait_until(lambda: load.success_since(healed), 30, 0.005)
    took = accepted - healed if accepted else 30.0
    run.check(took <= BACK_LIMIT,
              f"{took:.2f} s after the end of {fault.name}, which had lasted"
              f" {lasts:.1f} s, nothing was accepted yet")
    service.assert_alive()
    fault.settle()
    if fault.told is not None:
        check_ready_again(run, service, fault)
    return took


def check_refused(run, load, fault, struck, lasts):
    """Events were refused, and none was taken any more."""
    if lasts > fault.refuses_within:
        run.check(load.refusal_since(struck),
                  f"no 503 in {lasts:.1f} s of {fault.name}")
    begun = struck + fault.took
    late = load.success_since(begun + STRAGGLER_LIMIT)
    run.check(not late,
              f"accepted {(late or 0) - begun:.2f} s into {fault.name}")


def check_noticed(run, service, load, fault, struck):
    """Health is 503 and names the cause, and has not turned back."""
    begun = struck + fault.took
    seen = wait_until(lambda: told_cause(service, fault),
                      max(0.1, begun + NOTICE_LIMIT - time.monotonic()), 0.1)
    key = "outages that health named"
    run.figures[key] = run.figures.get(key, 0) + bool(seen)
    if not fault.is_total and load.success_since(begun + STRAGGLER_LIMIT):
        return
    run.check(seen, f"health says nothing of {fault.name}: {last_health(service)}")


def told_cause(service, fault):
    answer = last_health(service)
    return (answer.status == 503
            and "retry-after" in dict(answer.headers)
            and answer.json()["database"] == "down"
            and fault.told in answer.json()["database_error"])


def last_health(service):
    return client.call(service.port, "GET", "/health/ready")


def check_ready_again(run, service, fault):
    begin = time.monotonic()
    run.check(wait_until(service.is_ready, BACK_LIMIT, 0.05),
              f"not ready {BACK_LIMIT:g} s after the end of {fault.name}:"
              f" {last_health(service)}")
    run.check(service.health()["database_error"] is None,
              f"ready after {fault.name}, with an error: {service.health()}")
    run.figures["ready again, worst s"] = max(
        run.figures.get("ready again, worst s", 0.0),
        time.monotonic() - begin)


def check_answers(run, fault, book):
    """The service is up all the time: every request deserves an answer."""
    run.check(not book.faults, f"requests without an answer: {book.faults}")
    failures = {key: n for key, n in book.answers.items() if key[0] >= 500}
    odd = {key: n for key, n in failures.items() if key[0] != 503}
    run.check(not odd, f"answers other than 503: {odd}")
    run.check(failures or fault.is_total, f"nobody felt {fault.name}")
    run.check(book.slowest <= ANSWER_LIMIT,
              f"the slowest answer took {book.slowest:.1f} s")


def resting_threads(service):
    """How many there are when nothing is asked for."""
    seen = []

    def is_steady():
        seen.append(len(service.threads()))
        return len(seen) > STEADY_LOOKS and len(set(seen[-STEADY_LOOKS:])) == 1

    wait_until(is_steady, THREADS_LIMIT, 0.2)
    return seen[-1]


def check_threads(run, service, before):
    """No thread was lost, and none still waits for what never comes."""
    now = resting_threads(service)
    run.figures["threads"] = now
    run.check(now == before, f"{now} threads, {before} at the start")


def die_meanwhile(run, service, fault, tenants, book):
    """What a dying process was told of its last commits must be true."""
    figures = dict(run.figures)  # of the outages that it outlived
    with Load(run, [service.port], tenants, series=1) as load:
        time.sleep(run.random.uniform(0.1, 0.6))
        fault.strike()
        time.sleep(run.random.uniform(0.5, 1.0))
        service.kill()
        fault.heal()
        service.start()
    run.figures.update(figures)
    load.book.merge(book)
    return load.book


def finish(run, fault, service, book):
    service.wait_drained()
    answer = gate.order(service.port, "ledger/verify")
    run.check(answer.status == 200 and answer.json()["is_balanced"],
              f"the ledger: {answer}")
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    check_invariants(run, fault.store, book)


def options(parser):
    parser.add_argument("--fault", choices=sorted(FAULTS), required=True,
                        help="; ".join(f"{name}: {kind.help}" for name, kind
                                       in sorted(FAULTS.items())))
    parser.add_argument("--longest", type=float, default=30.0,
                        help="seconds that an outage lasts at the most")
    parser.add_argument("--pause", type=float, default=0.02,
                        help="seconds between two requests of a client")
    parser.add_argument("--shim", default="build/release/bin/failing_sync.so",
                        help="the library that makes fsync fail")


if __name__ == "__main__":
    main("outages", body, cycles=20, extra=options)
