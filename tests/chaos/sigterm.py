"""SIGTERM under load: a clean end, every request that was taken answered."""

import time

from harness import main
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load, Mix

GRACE = 25.0


def body(run):
    """Ends the service with SIGTERM while clients write, again and again."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url)
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    slowest = 0.0
    half = cut = 0
    books = []
    for cycle in run.cycles():
        # Nothing has a name: what is not answered is never sent again, so
        # that the store shows whether it had been taken.
        with Load(run, [service.port], tenants,
                  Mix(named=0.0, repeat=0.0), series=cycle) as load:
            time.sleep(run.random.uniform(0.05, 0.9))
            code, took = service.terminate(GRACE + 10)
            run.check(code == 0, f"exit code {code} after SIGTERM")
            run.check(took <= GRACE, f"ended {took:.1f} s after SIGTERM")
            slowest = max(slowest, took)
        half += load.book.faults["halfanswered"]
        cut += load.book.faults["unanswered"]
        books.append(load.book)
        service.start()
        if cycle % 10 == 9:
            run.say(f"cycle {cycle + 1}")
    for book in books[:-1]:
        books[-1].merge(book)
    run.figures["acknowledged"] = len(books[-1].acknowledged)
    run.figures["slowest end, s"] = slowest
    run.figures["closed before a request was read"] = cut
    run.check(not half, f"{half} answers were cut in the middle")
    service.wait_drained()
    service.terminate()
    check_invariants(run, store, books[-1])
    taken = run.figures["in doubt, found stored"]
    run.check(not taken, f"{taken} events were stored but their requests were"
              " cut without an answer")


if __name__ == "__main__":
    main("sigterm", body, cycles=50)
