"""PostgreSQL crashes and comes back under load; the service stays."""

import time

from harness import main, wait_until
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load

RECOVERY_LIMIT = 5.0


def body(run):
    """Stops PostgreSQL with -m immediate and starts it again, under load."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url)
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    recoveries = []
    with Load(run, [service.port], tenants) as load:
        for cycle in run.cycles():
            time.sleep(run.random.uniform(0.05, 0.9))
            store.stop_immediate()
            down_for = run.random.choice((0.0, 0.2, 1.0, 2.5))
            time.sleep(down_for)
            service.assert_alive()
            recoveries.append(restart(run, store, load))
            service.assert_alive()
            if cycle % 10 == 9:
                run.say(f"cycle {cycle + 1}, {load.acknowledged()} "
                        f"acknowledged, last back in {recoveries[-1]:.2f} s")
    report(run, load, recoveries)
    run.check(service.lives == 1, "the service was started again")
    service.wait_ready(10)
    service.wait_drained()
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    check_invariants(run, store, load.book)


def restart(run, store, load):
    """Seconds from the database's first answer to the first accepted event."""
    store.start()
    back = time.monotonic()
    accepted = wait_until(lambda: load.success_since(back), 60, 0.005)
    if not accepted:
        run.violation("nothing accepted within 60 s of the database's return")
        return 60.0
    took = accepted - back
    run.check(took <= RECOVERY_LIMIT,
              f"accepted again {took:.2f} s after the database's return")
    return took


def report(run, load, recoveries):
    recoveries.sort()
    run.figures["back after, median s"] = recoveries[len(recoveries) // 2]
    run.figures["back after, worst s"] = recoveries[-1]
    # The service is up all the time: every request deserves an answer.
    for fault in ("unsent", "unanswered", "halfanswered", "late"):
        count = load.book.faults[fault]
        run.check(not count, f"{count} requests {fault} while only the"
                  " database was away")
    odd = {key: n for key, n in load.book.answers.items()
           if key[0] >= 500 and key[0] != 503}
    run.check(not odd, f"answers other than 503: {odd}")


if __name__ == "__main__":
    main("database_restart", body, cycles=100, stores=("postgres",))
