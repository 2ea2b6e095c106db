"""One organization pours events in; another's still get through at once."""

import collections
import json
import statistics
import threading
import time

import client
from harness import Abort, main, wait_until
from invariants import check_tables
from service import Service
from stores import open_store

BAR_SECONDS = 1.0
BETWEEN_EVENTS = 0.2
BATCH = 1000
POUR_WITHIN = 1800
LONGEST_WAIT = 1.0


class Pourer(threading.Thread):
    """Sends batches as fast as it can; comes back too early when refused."""

    def __init__(self, run, service, tenant, batches):
        super().__init__(daemon=True)
        self.run_ = run
        self.answers = collections.Counter()
        self.longest_wait = 0.0
        self._connection = client.Connection(service.port, timeout=60)
        self._tenant = tenant
        self._batches = batches
        self._ending = threading.Event()

    def stop(self):
        self._ending.set()

    def run(self):
        events = [{"type": "pour", "payload": {"n": n, "text": "x" * 100}}
                  for n in range(BATCH)]
        body = json.dumps(events).encode()
        headers = [("X-API-Key", self._tenant.key),
                   ("Content-Type", "application/json")]
        while self._batches and not self._ending.is_set():
            try:
                answer = self._connection.exchange(
                    "POST", "/api/events/batch", body, headers)
            except client.FAULTS as fault:
                self.run_.violation(f"pouring broke: {fault!r}")
                return
            self._note(answer)
        self._connection.close()

    def _note(self, answer):
        self.answers[answer.status, answer.slug()] += 1
        if answer.status == 202:
            self._batches -= 1
        elif answer.slug() == "queue-full":
            seconds = float(answer.headers["retry-after"])
            self.longest_wait = max(self.longest_wait, seconds)
            self._ending.wait(min(seconds, LONGEST_WAIT))
        else:
            self.run_.violation(f"poured: {answer}")
            self._ending.wait(1)


class Other:
    """Sends one event after the other, and looks when each is stored."""

    def __init__(self, run, service, tenant):
        self.took = []
        self.accept_took = []
        self._run = run
        self._tenant = tenant
        self._port = service.port

    def send(self):
        begin = time.monotonic()
        answer = client.call(self._port, "POST", "/api/events",
                             {"type": "other", "payload": {}},
                             key=self._tenant.key)
        self.accept_took.append(time.monotonic() - begin)
        if not self._run.check(answer.status == 202,
                               f"the other organization's event: {answer}"):
            return
        path = "/api/events/" + answer.json()["id"]

        def is_stored():
            view = client.call(self._port, "GET", path, key=self._tenant.key)
            return view.json().get("status") == "stored"

        if not wait_until(is_stored, 60, 0.005):
            raise Abort("the other organization's event was never stored")
        self.took.append(time.monotonic() - begin)


def body(run):
    """Pours events of one organization, and times those of another."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url, settings={
        "ingest.max_queue_depth": str(run.options.depth)})
    service.start()
    heavy = service.organization("heavy")
    other = Other(run, service, service.organization("other"))
    clients = run.options.clients
    share = -(-run.options.events // (BATCH * clients))
    pourers = [Pourer(run, service, heavy, share) for _ in range(clients)]
    other.send()  # keys are known, connections made
    other.took.clear()
    other.accept_took.clear()
    begin = time.monotonic()
    deepest = time_the_other(run, service, other, pourers)
    poured_for = time.monotonic() - begin
    service.wait_drained(600)
    judge(run, other)
    report(run, pourers, poured_for, deepest)
    check_books(run, store, service, clients * share * BATCH)


def time_the_other(run, service, other, pourers):
    """Returns the most that was seen waiting."""
    deepest = 0
    for one in pourers:
        one.start()
    deadline = time.monotonic() + POUR_WITHIN
    while any(one.is_alive() for one in pourers):
        following = time.monotonic() + BETWEEN_EVENTS
        other.send()
        service.assert_alive()
        deepest = max(deepest, service.health()["queue"]["pending"])
        if time.monotonic() > deadline:
            for one in pourers:
                one.stop()
            raise Abort(f"pouring did not end in {POUR_WITHIN} s")
        time.sleep(max(0.0, following - time.monotonic()))
    return deepest


def judge(run, other):
    took = sorted(other.took)
    median = statistics.median(took)
    run.figures["other: events"] = len(took)
    run.figures["other: accepted in s, median"] = statistics.median(
        other.accept_took)
    run.figures["other: stored in s, median"] = median
    run.figures["other: stored in s, of 20"] = took[len(took) * 19 // 20]
    run.figures["other: stored in s, longest"] = took[-1]
    run.check(median < BAR_SECONDS,
              f"stored after {median:.3f} s (median), bar {BAR_SECONDS} s")


def report(run, pourers, poured_for, deepest):
    answers = collections.Counter()
    for one in pourers:
        answers.update(one.answers)
    run.figures["poured for s"] = poured_for
    run.figures["poured batches"] = answers[202, ""]
    run.figures["refused batches"] = answers[503, "queue-full"]
    run.figures["longest Retry-After"] = max(
        one.longest_wait for one in pourers)
    run.figures["most waiting seen"] = deepest


def check_books(run, store, service, poured):
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    found = {row[0]: int(row[1]) for row in store.rows(
        "select type, count(*) from events group by type")}
    run.check(found.get("pour") == poured,
              f"{found.get('pour')} of {poured} poured events are stored")
    check_tables(run, store)
    left = store.rows("select count(*) from event_queue")
    run.check(left == [["0"]], f"{left[0][0]} items are left in the queue")


def arguments(parser):
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--depth", type=int, default=100_000,
                        help="ingest.max_queue_depth")


if __name__ == "__main__":
    main("fairness", body, cycles=1, clients=8, extra=arguments)
