"""Every actor dies again and again under load; one of them too often."""

import collections
import functools
import re
import time

import client
import gate
from harness import main, wait_until
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load, Mix, Writer

ACTORS = ("ingest", "poller", "worker", "gate", "auditor", "janitor",
          "health", "reader")
# So many crashes of one actor within the window are borne, one more is not.
MOST_CRASHES = 5
WINDOW = 60.0
BACK_LIMIT = 15.0
END_LIMIT = 40.0
READERS = 2


class Victim:
    """An actor, and how often it was killed."""

    def __init__(self, name):
        self.name = name
        self.kills = 0
        self.slowest = 0.0
        self._in_window = 0
        self._last = 0.0

    def rests(self):
        """Whether one more kill now could be one too many."""
        if time.monotonic() - self._last > WINDOW + 1:
            self._in_window = 0
        return self._in_window == MOST_CRASHES

    def note_kill(self):
        self.kills += 1
        self._in_window += 1
        self._last = time.monotonic()


class Probes:
    """Whether an actor does its work, as seen from outside."""

    def __init__(self, run, service):
        self._run = run
        self._port = service.port
        self._service = service
        self._threads = collections.Counter(service.threads())
        self._tenant = service.organization("probe")
        # Nothing has a name: a probe is never sent twice.
        self.writer = Writer(run, 0, [service.port], [self._tenant],
                             Mix(named=0.0), f"{run.seed}-probe")

    def of(self, name):
        """A condition that turns true once the actor has done something."""
        special = {"ingest": self.writer.send_one, "poller": self._moves(),
                   "worker": self._moves(), "health": self._samples(),
                   "reader": self._reads, "auditor": self._audits,
                   "gate": self._turns, "janitor": self._rescues}
        return functools.partial(self._is_back, name, special[name])

    def _is_back(self, name, works):
        # Each has a thread with its name. Where there are several, others may
        # do the work of the one that is missing.
        if self._service.threads().count(name) != self._threads[name]:
            return None
        try:
            return works()
        except client.FAULTS:
            return None

    def _moves(self):
        """An event that came in after the crash reaches the log."""
        sent = []

        def is_stored():
            if not sent:
                identity = self.writer.send_one()
                sent.extend([identity] if identity else [])
                return False
            answer = self._event(sent[0])
            return answer.status == 200 and answer.json()["status"] == "stored"

        return is_stored

    def _samples(self):
        """Under load the rates differ from sample to sample."""
        first = []

        def has_changed():
            rates = self._service.health()["rates"]
            first.append(rates)
            return rates != first[0]

        return has_changed

    def _reads(self):
        identity = self.writer.send_one()
        return identity and all(self._event(identity).status == 200
                                for _ in range(2 * READERS))

    def _audits(self):
        answer = gate.order(self._port, "ledger/verify")
        if answer.status != 200:
            return None
        self._run.check(answer.json()["is_balanced"], f"the ledger: {answer}")
        return True

    def _turns(self):
        return gate.order(self._port, "resume").status == 200

    def _rescues(self):
        return gate.command(self._port, "cleanup").status == 200

    def _event(self, identity):
        return client.call(self._port, "GET", f"/api/events/{identity}",
                           key=self._tenant.key)


def body(run):
    """Kills actors in random order while clients write."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url, settings={
        "store.readers": str(READERS), "ledger.verify_interval": "2s"})
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    probes = Probes(run, service)
    with Load(run, [service.port], tenants,
              Mix(pause=run.options.pause)) as load:
        kill_all(run, service, load, probes)
        stop(run, service)
        for name in run.random.sample(
                [name for name in ACTORS if name != "worker"],
                run.options.escalations):
            service.start()
            kill_too_often(run, service, probes, name)
        service.start()
    load.book.merge(probes.writer.book)
    service.wait_drained()
    run.check(probes.of("auditor")(), "the ledger could not be checked")
    stop(run, service)
    check_invariants(run, store, load.book)


def stop(run, service):
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def kill_all(run, service, load, probes):
    """Kills each actor `--kills` times, no oftener than is borne."""
    victims = [Victim(name) for name in ACTORS]
    wanted = run.options.kills
    while any(one.kills < wanted for one in victims):
        able = [one for one in victims
                if one.kills < wanted and not one.rests()]
        if not able:
            time.sleep(0.2)
            continue
        some = run.random.sample(able, min(len(able), run.random.randint(1, 3)))
        kill(run, service, probes, some)
        total = sum(one.kills for one in victims)
        if total % 50 < len(some):
            run.say(f"{total} kills, {load.acknowledged()} acknowledged")
    for one in victims:
        run.figures[f"{one.name}: kills, slowest back, s"] = (
            f"{one.kills}, {one.slowest:.2f}")
    kills = sum(one.kills for one in victims)
    died = restarts(service)
    run.check(died == kills, f"{died} parts died, {kills} were killed")


def kill(run, service, probes, victims):
    """Kills these at once; each has to work again."""
    before = restarts(service)
    for one in victims:
        order_death(run, service, one.name)
        one.note_kill()
    names = ", ".join(one.name for one in victims)
    begin = time.monotonic()
    died = wait_until(
        lambda: restarts(service) >= before + len(victims), BACK_LIMIT)
    run.check(died, f"of {names} not all died within {BACK_LIMIT} s")
    for one in victims:
        works = wait_until(probes.of(one.name), BACK_LIMIT)
        took = time.monotonic() - begin
        one.slowest = max(one.slowest, took)
        run.check(works, f"{one.name} did not work again {took:.1f} s after"
                         f" {names} died")
        service.assert_alive()


def order_death(run, service, name):
    answer = gate.command(service.port, f"actors/{name}/restart")
    run.check(answer.status == 202, f"restart {name}: {answer}")


def restarts(service):
    """How many parts have died in this life."""
    parts = gate.ask(service.port, "actors").json()["actors"]
    return sum(part["restarts"] for part in parts)


def kill_too_often(run, service, probes, name):
    """One crash more than is borne ends the process, and says so."""
    victim = Victim(name)
    for _ in range(MOST_CRASHES):
        kill(run, service, probes, [victim])
    order_death(run, service, name)
    begin = time.monotonic()
    gone = wait_until(lambda: not service.is_alive(), END_LIMIT)
    took = time.monotonic() - begin
    key = "slowest end, s"
    run.figures[key] = max(run.figures.get(key, 0.0), took)
    if not run.check(gone, f"{name} was killed {MOST_CRASHES + 1} times, the"
                           f" process still ran after {END_LIMIT} s"):
        service.kill()
        return
    code = service.process.returncode
    run.check(code == 70, f"exit code {code} after {name} died too often")
    words = service.last_words().split(" | ")
    run.check("crashed too often" in words[-1] and "70" in words[-1],
              f"the last line of the log does not say why: {words[-1]}")
    run.check(any(re.search(rf"{name}( \d+)? crashed too often", line)
                  for line in words),
              f"the log does not name {name}: {words}")


def options(parser):
    parser.add_argument("--kills", type=int, default=100,
                        help="of each actor; 100 take about 25 minutes")
    parser.add_argument("--escalations", type=int, default=7,
                        help="actors that are killed once too often")
    parser.add_argument("--pause", type=float, default=0.05,
                        help="seconds between two requests of a client")


if __name__ == "__main__":
    main("crashes", body, cycles=1, extra=options)
