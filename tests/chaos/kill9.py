"""kill -9 at random moments, under writing clients, again and again."""

import time

from harness import main, wait_until
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load


def body(run):
    """Kills the service at random moments while clients write."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url)
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    slowest = 0.0
    acknowledged = 0
    with Load(run, [service.port], tenants) as load:
        for cycle in run.cycles():
            time.sleep(run.random.uniform(0.05, 0.9))
            if cycle % 3 == 2:  # right behind an answer
                wait_until(lambda: load.success_since(time.monotonic()
                                                      - 0.001), 1, 0.0005)
            service.kill()
            slowest = max(slowest, service.start())
            if cycle % 10 == 9:
                now = load.acknowledged()
                run.say(f"cycle {cycle + 1}, {now} acknowledged")
                run.check(now > acknowledged, "no progress in ten lives")
                acknowledged = now
    run.figures["slowest start, s"] = slowest
    service.wait_drained()
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    check_invariants(run, store, load.book)


if __name__ == "__main__":
    main("kill9", body, cycles=200)
