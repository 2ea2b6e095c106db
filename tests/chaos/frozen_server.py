"""PostgreSQL is frozen (SIGSTOP) for seconds, whole or in part, then thawed."""

import time

from harness import main, wait_until
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load, Mix

CALL_TIMEOUT = 1.0
# Two calls, a connection between them, and slack for a busy machine.
ANSWER_LIMIT = 10.0


def body(run):
    """Freezes PostgreSQL under load; requests are answered all the same."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url, settings={
        "store.call_timeout": f"{CALL_TIMEOUT:g}s",
        "store.connect_timeout": f"{CALL_TIMEOUT:g}s"})
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    mix = Mix(named=0.4, pause=0.002)
    back = []
    with Load(run, [service.port], tenants, mix) as load:
        for cycle in run.cycles():
            time.sleep(run.random.uniform(0.1, 0.6))
            frozen = freeze(run, store, cycle)
            time.sleep(run.random.choice((0.2, 2.5, 5.0)))
            thawed = time.monotonic()
            store.thaw(frozen)
            service.assert_alive()
            accepted = wait_until(lambda: load.success_since(thawed), 30,
                                  0.005)
            if run.check(accepted, "nothing accepted within 30 s of a thaw"):
                back.append(accepted - thawed)
            run.say(f"cycle {cycle + 1}, {load.acknowledged()} acknowledged")
    run.figures["back after a thaw, worst s"] = max(back, default=0.0)
    run.check(load.book.slowest <= ANSWER_LIMIT and not load.book.faults,
              f"slowest answer {load.book.slowest:.1f} s, "
              f"faults {dict(load.book.faults)}")
    service.wait_drained()
    service.terminate()
    check_invariants(run, store, load.book)


def freeze(run, store, cycle):
    """Every other time the whole server, else one or two of its backends."""
    backends = store.backends()
    if cycle % 2 == 0 or not backends:
        return store.freeze()
    some = run.random.sample(backends, min(2, len(backends)))
    store.freeze_some(some)
    return some


if __name__ == "__main__":
    main("frozen_server", body, cycles=20, stores=("postgres",))
