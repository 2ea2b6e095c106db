"""Items that can never be moved must cost nobody but themselves."""

import json
import statistics
import time
import uuid

import client
from harness import add_pairs, main, measure_pairs, wait_until
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Book, batch_results

MAX_ATTEMPTS = 5
RATIO_LIMIT = 2.0
# Times below this are noise on a busy machine.
FLOOR_SECONDS = 0.02

TRIGGER = {
    "sqlite": ["CREATE TRIGGER chaos_poison BEFORE INSERT ON events"
               " WHEN NEW.type = 'poison' BEGIN"
               " SELECT RAISE(ABORT, 'poisoned'); END"],
    "postgres": ["CREATE FUNCTION chaos_refuse() RETURNS trigger LANGUAGE"
                 " plpgsql AS $$ BEGIN RAISE EXCEPTION 'poisoned' USING"
                 " ERRCODE = 'check_violation'; END $$",
                 "CREATE TRIGGER chaos_poison BEFORE INSERT ON events FOR EACH"
                 " ROW WHEN (NEW.type = 'poison') EXECUTE FUNCTION"
                 " chaos_refuse()"],
}
NO_TRIGGER = {
    "sqlite": ["DROP TRIGGER chaos_poison"],
    "postgres": ["DROP TRIGGER chaos_poison ON events"],
}
# Seconds since the epoch from a time column.
EPOCH = {"sqlite": "({} / 1e6)", "postgres": "extract(epoch from {})"}


class Scene:
    """The service, its store, and the two ways to fill its queue."""

    def __init__(self, run):
        self.run = run
        self.store = open_store(run)
        self.store.start()
        self.service = Service(run, self.store.url, settings={
            "processor.max_attempts": str(MAX_ATTEMPTS),
            "processor.retry_backoff": run.options.backoff})
        self.service.start()
        self.tenant = self.service.organization("poisoned")
        self.taken_ids = []
        self.bad_seen = 0

    def stop(self):
        code, _ = self.service.terminate()
        self.run.check(code == 0, f"exit code {code} after SIGTERM")

    def backlog(self, name, good, bad):
        """A queue filled while the service is down; seconds to the log."""
        kinds = [name] * good + ["poison"] * (bad - bad // 2)
        self.run.random.shuffle(kinds)
        rows = [(str(uuid7()), kind) for kind in kinds]
        taken = self.taken_ids[:bad // 2]
        rows += [(identity, "taken") for identity in taken]
        self.run.random.shuffle(rows)
        self.insert(rows, [row[0] for row in rows if row[1] != "taken"])
        began = time.time()
        self.service.start()
        self.await_log(name, good)
        self.await_quarantine(len(rows) - good)
        self.stop()
        return self.times(name, f"{began}")

    def insert(self, rows, booked):
        now = time.time()
        tenant = self.tenant.id
        values = []
        for number, (identity, kind) in enumerate(rows):
            at = self.instant(now - 60 + number * 1e-4)
            values.append(f"('{identity}', '{tenant}', '{kind}',"
                          f" '{{\"n\":{number}}}', 'pending', 0, {at}, {at})")
        self.store.offline(
            "INSERT INTO event_queue (id, organization_id, type, payload,"
            " status, attempts, not_before, inserted_at) VALUES "
            + ",".join(values),
            "INSERT INTO ledger (at, kind, count, organization_id, ids) VALUES"
            f" ({self.instant(now)}, 'accepted', {len(booked)}, '{tenant}',"
            f" {self.id_list(booked)})")

    def id_list(self, ids):
        if self.store.kind == "sqlite":
            return "x'" + "".join(one.replace("-", "") for one in ids) + "'"
        return "'{" + ",".join(ids) + "}'"

    def instant(self, seconds):
        if self.store.kind == "sqlite":
            return str(int(seconds * 1e6))
        return f"to_timestamp({seconds:.6f})"

    def live(self, name, good, bad):
        """The same through HTTP, in batches; seconds from accept to log."""
        kinds = [name] * good + ["poison"] * bad
        self.run.random.shuffle(kinds)
        for begin in range(0, len(kinds), 100):
            batch = [{"type": kind, "payload": {"n": begin + number}}
                     for number, kind in enumerate(kinds[begin:begin + 100])]
            answer = self.post_batch(batch)
            self.run.check(answer.status == 202, f"live batch: {answer}")
        self.await_log(name, good)
        self.await_quarantine(bad)
        self.stop()
        times = self.times(name, EPOCH[self.store.kind].format("accepted_at"))
        self.service.start()
        return times

    def post_batch(self, items):
        return client.call(self.service.port, "POST", "/api/events/batch",
                           items, key=self.tenant.key)

    def await_log(self, name, good):
        """Asks the service, because SQL must keep away from SQLite's file."""
        self.run.say(f"{name}: waiting for {good} good events")
        # The first answers may come from a sample before the events.
        time.sleep(1.5)
        empty = wait_until(lambda: self.count("pending", "processing")
                           <= self.run.options.bad, 120, 0.1)
        self.run.check(empty, f"{name}: the good events never got through")

    def count(self, *states):
        self.service.assert_alive()
        queue = self.service.health()["queue"]
        return sum(queue[state] for state in states)

    def await_quarantine(self, bad):
        self.bad_seen += bad
        seen = wait_until(lambda: self.count("quarantined") == self.bad_seen
                          and not self.count("pending", "processing"),
                          120, 0.1)
        self.run.check(seen, f"quarantine should hold {self.bad_seen}: "
                       f"{self.service.health()['queue']}")

    def times(self, name, begin):
        """Seconds from `begin` to the log for each good event, sorted."""
        stored = EPOCH[self.store.kind].format("inserted_at")
        return sorted(float(row[0]) for row in self.store.rows(
            f"select {stored} - {begin} from events where type = '{name}'"))


def body(run):
    """Mixes items that always fail among good ones; compares the good ones."""
    scene = Scene(run)
    check_batches(run, scene)
    scene.stop()
    scene.store.offline(*TRIGGER[scene.store.kind])
    good, bad = run.options.good, run.options.bad

    def backlogs(number):
        clean = scene.backlog(f"clean-{number}", good, 0)
        scene.taken_ids = [row[0] for row in scene.store.rows(
            f"select id from events where type = 'clean-{number}'"
            f" limit {bad}")]
        return clean, scene.backlog(f"mixed-{number}", good, bad)

    def lives(number):
        return (scene.live(f"live-clean-{number}", good, 0),
                scene.live(f"live-mixed-{number}", good, bad))

    judge(run, "backlog", measure_pairs(run.options, backlogs, is_well))
    scene.service.start()
    judge(run, "live", measure_pairs(run.options, lives, is_well))
    scene.stop()
    check_quarantine(run, scene)
    scene.store.offline("DELETE FROM event_queue WHERE type = 'taken'",
                        *NO_TRIGGER[scene.store.kind])
    finish(run, scene)


MEASURES = {
    "mean": statistics.fmean,
    "99th of 100": lambda times: times[int(len(times) * 0.99) - 1],
}


def ratios_of(measure, pairs):
    return [max(measure(mixed), FLOOR_SECONDS)
            / max(measure(clean), FLOOR_SECONDS) for clean, mixed in pairs]


def is_well(pairs):
    """Whether pairs of sorted times, without and with bad items, pass.

    Where an event is missing, more pairs change nothing.
    """
    return not all(map(all, pairs)) or all(
        statistics.median(ratios_of(measure, pairs)) < RATIO_LIMIT
        for measure in MEASURES.values())


def judge(run, name, pairs):
    good = run.options.good
    for clean, mixed in pairs:
        if not run.check(len(clean) == good and len(mixed) == good,
                         f"{name}: {len(clean)} and {len(mixed)} of {good}"
                         " good events reached the log"):
            return
    for label, measure in MEASURES.items():
        ratios = ratios_of(measure, pairs)
        ratio = statistics.median(ratios)
        each = ", ".join(f"{one:.2f}" for one in ratios)
        run.figures[f"{name}, {label}, seconds"] = ", ".join(
            f"{measure(clean):.3f} and {measure(mixed):.3f}"
            for clean, mixed in pairs)
        run.figures[f"{name}, {label}, ratio"] = f"{ratio:.2f} of {each}"
        run.check(ratio < RATIO_LIMIT,
                  f"{name}: bad items make the good ones' {label} time to the"
                  f" log {ratio:.2f} times as long ({each})")


def check_quarantine(run, scene):
    rows = scene.store.rows(
        "select id, type, status, attempts, coalesce(last_error, '') from"
        " event_queue")
    run.check(len(rows) == scene.bad_seen,
              f"{len(rows)} of {scene.bad_seen} bad items are in the queue")
    for identity, kind, status, attempts, error in rows:
        fine = (status == "quarantined" and int(attempts) == MAX_ATTEMPTS
                and error and ("poisoned" in error or kind != "poison"))
        run.check(fine, f"{identity} ({kind}): {status} after {attempts}"
                  f" attempts, error {error!r}")
    if rows:
        run.figures["a reason in quarantine"] = rows[0][4]


def check_batches(run, scene):
    """One bad item in a batch gets its error; the others are accepted."""
    spoilt = [
        {"type": "with space", "payload": {}},
        {"type": "fine", "payload": []},
        {"type": "fine", "payload": {}, "stranger": 1},
        {"type": "fine", "payload": {}, "dedup_id": ""},
        {"type": "fine"},
        17,
    ]
    for bad in spoilt:
        items = [{"type": "fine", "payload": {"n": n}} for n in range(50)]
        at = run.random.randrange(50)
        items[at] = bad
        answer = scene.post_batch(items)
        what = f"batch with {json.dumps(bad)} at {at}"
        if not run.check(answer.status == 207, f"{what}: {answer}"):
            continue
        taken = [number for number, result in enumerate(batch_results(answer))
                 if result["status"] in (201, 202)]
        run.check(batch_results(answer)[at]["status"] in (400, 422),
                  f"{what}: {answer}")
        expected = [number for number in range(50) if number != at]
        run.check(taken == expected, f"{what}: accepted {taken}")


def finish(run, scene):
    """Everything else must hold of what is left; nothing was lost."""
    book = Book()
    known = scene.store.rows("select digest(payload) from events union"
                             " select digest(payload) from event_queue")
    book.unknown = {row[0]: None for row in known}
    # Payloads repeat here on purpose, so only the database's own books count.
    check_invariants(run, scene.store, book, unique_payloads=False)


def uuid7():
    """As the service makes them: the time, then chance."""
    value = (int(time.time() * 1000) << 80) | (0x7 << 76)
    value |= uuid.uuid4().int & ((1 << 76) - 1)
    value &= ~(0x3 << 62)
    return uuid.UUID(int=value | (0x2 << 62))


def options(parser):
    parser.add_argument("--good", type=int, default=10_000)
    parser.add_argument("--bad", type=int, default=100)
    add_pairs(parser, 3, "backlogs, and live runs, without and with bad items")
    parser.add_argument("--backoff", default="1s",
                        help="processor.retry_backoff of the service")


if __name__ == "__main__":
    main("poison", body, cycles=1, extra=options)
