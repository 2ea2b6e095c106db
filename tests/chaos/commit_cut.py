"""The connection to PostgreSQL is cut, or the server frozen, inside COMMIT."""

import collections
import time

from harness import main, wait_until
from invariants import check_invariants
from proxy import FAULTS, STATEMENTS, Proxy
from service import Service
from stores import open_store
from writers import Load, Mix


def body(run):
    """Cuts the database connection inside COMMIT; retries end in one event."""
    store = open_store(run)
    store.start()
    proxy = Proxy(run, store.port)
    service = Service(run, store.url_at(proxy.port),
                      settings={
        "store.call_timeout": "1s", "store.connect_timeout": "1s"})
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    mix = Mix(named=1.0, pause=0.002)
    plans = [(fault, statement)
             for statement in run.options.statements.split(",")
             for fault in run.options.faults.split(",")]
    run.random.shuffle(plans)
    struck = collections.Counter()
    worst = collections.defaultdict(float)
    with Load(run, [service.port], tenants, mix) as load:
        for cycle in run.cycles():
            fault, statement = plans[cycle % len(plans)]
            took = strike(run, proxy, load, fault, statement)
            service.assert_alive()
            if took is not None:
                struck[fault] += 1
                worst[fault] = max(worst[fault], took)
            if cycle % 10 == 9:
                run.say(f"cycle {cycle + 1}, {load.acknowledged()} "
                        "acknowledged")
    proxy.disarm()
    for fault, count in struck.items():
        run.figures[f"{fault}: times, worst s"] = (
            f"{count}, {worst[fault]:.2f}")
    run.figures["commits seen"] = proxy.commits
    # What a lost worker left behind must not wait for a time-out.
    service.wait_drained(30)
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    check_invariants(run, store, load.book)


def strike(run, proxy, load, fault, statement):
    """Seconds until events were accepted again; None if it did not strike."""
    time.sleep(run.random.uniform(0.02, 0.2))
    proxy.arm(fault, run.random.randrange(1, 20_000), statement)
    if not proxy.fired.wait(15):
        proxy.disarm()
        run.violation(f"no COMMIT passed by within 15 s ({fault},"
                      f" {statement})")
        return None
    struck = time.monotonic()
    accepted = wait_until(lambda: load.success_since(struck), 30, 0.005)
    if not accepted:
        run.violation(f"nothing accepted within 30 s after {fault}")
        return None
    return accepted - struck


def options(parser):
    parser.add_argument("--faults", default=",".join(FAULTS),
                        help="some of: " + "; ".join(
                            f"{name} ({what})" for name, what
                            in FAULTS.items()))
    parser.add_argument("--statements", default=",".join(STATEMENTS),
                        help="whose COMMIT: some of " + ", ".join(STATEMENTS))


if __name__ == "__main__":
    main("commit_cut", body, cycles=100, stores=("postgres",), extra=options)
