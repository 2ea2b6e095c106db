"""Checking the books costs those who send events little."""

import json
import statistics
import threading
import time

import client
import gate
from harness import add_pairs, main, measure_pairs, wait_until
from service import Service
from stores import open_store

EVENT = b'{"type":"verify","payload":{"n":1}}'
BATCH = 1000
FILLERS = 2


class Poster(threading.Thread):
    """Posts at a steady pace; notes when each request began, and its time."""

    def __init__(self, run, port, key, pause):
        super().__init__(daemon=True)
        self.times = []
        self.ends = threading.Event()
        self._run = run
        self._pause = pause
        self._connection = client.Connection(port)
        self._headers = [("X-API-Key", key),
                         ("Content-Type", "application/json")]

    def run(self):
        while not self.ends.wait(self._pause):
            begin = time.monotonic()
            try:
                answer = self._connection.exchange("POST", "/api/events", EVENT,
                                                   self._headers)
            except client.FAULTS as fault:
                self._run.violation(f"not answered: {fault!r}")
                continue
            self.times.append((begin, time.monotonic() - begin))
            self._run.check(answer.status == 202, f"not accepted: {answer}")
        self._connection.close()


def body(run):
    """Compares the times of accepting, with and without checks beside it."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url, settings={
        "ingest.max_queue_depth": "1000000000",
        "ledger.verify_interval": "1d"})
    service.start()
    tenant = service.organization("one")
    fill(run, service, tenant, run.options.events)
    posters = [Poster(run, service.port, tenant.key, run.options.pause)
               for _ in range(run.options.clients)]
    for poster in posters:
        poster.start()
    pairs = compare(run, service, posters)
    for poster in posters:
        poster.ends.set()
    for poster in posters:
        poster.join(20)
    judge(run, pairs)
    service.wait_drained()
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def fill(run, service, tenant, count):
    """So many events in the log, through the queue as all others."""
    batch = json.dumps([json.loads(EVENT)] * BATCH).encode()
    left = iter(range(count // BATCH))
    begin = time.monotonic()

    def send():
        for _ in left:
            answer = client.call(service.port, "POST", "/api/events/batch",
                                 batch, key=tenant.key, timeout=60)
            run.check(answer.status == 202, f"batch: {answer}")

    threads = [threading.Thread(target=send, daemon=True)
               for _ in range(FILLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    service.wait_drained(1200)
    run.figures["filled in, s"] = time.monotonic() - begin
    run.say(f"{count} events are in the log")


def compare(run, service, posters):
    """(p99 alone, p99 beside checks, seconds of each check) of each pair."""
    checks = []

    def measure(number):
        # Which comes first changes, in case the machine gets slower.
        parts = {}
        for is_checking in ((False, True), (True, False))[number % 2]:
            time.sleep(0.5)
            begin = time.monotonic()
            if is_checking:
                checks.extend(check_until(run, service,
                                          begin + run.options.window))
            else:
                time.sleep(run.options.window)
            parts[is_checking] = p99(posters, begin, time.monotonic())
        run.say(f"pair {number + 1}: p99 {1000 * parts[False]:.1f} ms alone,"
                f" {1000 * parts[True]:.1f} ms beside checks,"
                f" the last of which took {checks[-1]:.2f} s")
        return parts[False], parts[True]

    pairs = measure_pairs(run.options, measure,
                          lambda last: growth_in(last) < run.options.growth)
    run.figures["checks"] = len(checks)
    run.figures["a check, median s"] = statistics.median(checks)
    run.figures["a check, worst s"] = max(checks)
    return pairs


def check_until(run, service, end):
    """Checks the books again and again; how long each took."""
    took = []
    while time.monotonic() < end or not took:
        begin = time.monotonic()
        answer = gate.order(service.port, "ledger/verify", timeout=120)
        took.append(time.monotonic() - begin)
        run.check(answer.status == 200 and answer.json()["is_balanced"],
                  f"the ledger after {took[-1]:.1f} s: {answer}")
    return took


def p99(posters, begin, end):
    # Those that are under way are over soon.
    wait_until(lambda: all(poster.times and poster.times[-1][0] >= end
                           for poster in posters), 20)
    times = sorted(took for poster in posters
                   for began, took in list(poster.times) if
                   begin <= began < end)
    return times[len(times) * 99 // 100]


def medians(pairs):
    return [statistics.median(part) for part in zip(*pairs)]


def growth_in(pairs):
    alone, beside = medians(pairs)
    return beside / alone


def judge(run, pairs):
    alone, beside = medians(pairs)
    run.figures["p99 alone, median ms"] = 1000 * alone
    run.figures["p99 beside checks, median ms"] = 1000 * beside
    growth = growth_in(pairs)
    run.figures["grows to, times"] = growth
    run.check(growth < run.options.growth,
              f"checks make the p99 of accepting {growth:.2f} times as long")


def options(parser):
    parser.add_argument("--events", type=int, default=1_000_000,
                        help="events in the log that are checked")
    add_pairs(parser, 9, "windows with and without checks")
    parser.add_argument("--window", type=float, default=10.0,
                        help="seconds of a window, or longer than that by the"
                             " rest of a check")
    parser.add_argument("--growth", type=float, default=1.5,
                        help="the p99 may grow to less than so many times")
    parser.add_argument("--pause", type=float, default=0.01,
                        help="seconds between two requests of a client")


if __name__ == "__main__":
    main("verify_load", body, cycles=1, extra=options)
