"""Receivers who fetch: leases that run out, streams that are cut, kill -9."""

import collections
import datetime
import json
import random
import socket
import threading
import time

import client
from harness import Abort, main, wait_until
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load, Mix

LEASE = 1
# A stream says something at least every 15 s.
SILENCE = 25.0


def seconds_of(text):
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


class Hold:
    """One claim's hold on one event, by the server's clock.

    It ends no later than `end`: when its lease runs out, or when the puller
    began to give it up, whatever became of that.
    """

    __slots__ = ("claim", "begin", "end", "given_up")

    def __init__(self, claim, begin, end):
        self.claim = claim
        self.begin = begin
        self.end = end
        self.given_up = False


class Register:
    """Who held what, and what is done. Thread-safe."""

    def __init__(self, run):
        self._run = run
        self._lock = threading.Lock()
        self.holds = collections.defaultdict(list)
        # When the answer came that an event is delivered.
        self.delivered = {}
        self.counts = collections.Counter()

    def claimed(self, answer):
        begin = seconds_of(answer["claimed_at"])
        end = seconds_of(answer["lease_until"])
        held = {}
        with self._lock:
            self.counts["claims"] += 1
            for event in answer["events"]:
                hold = Hold(answer["claim_id"], begin, end)
                held[event["id"]] = hold
                self.holds[event["id"]].append(hold)
                done = self.delivered.get(event["id"])
                if done is not None and done < begin:
                    self._run.violation(f"{event['id']} was delivered, and "
                                        "handed out afterwards")
        return held

    def giving_up(self, held, ids):
        now = time.time()
        for event in ids:
            held[event].end = min(held[event].end, now)
            held[event].given_up = True

    def told(self, verb, held, results, lease_until):
        """What the server said became of events of a claim."""
        now = time.time()
        with self._lock:
            for result in results:
                event, status = result["id"], result["status"]
                self.counts[status] += 1
                if status == "delivered":
                    self.delivered.setdefault(event, now)
                elif status == "extended":
                    held[event].end = lease_until
                elif status == "not_found":
                    self._run.violation(f"{event} is unknown to {verb}")
                elif status == "lost" and not held[event].given_up \
                        and now < held[event].end:
                    self._run.violation(f"{event} was lost within its lease")

    def check(self):
        """No event was held by two at once."""
        for event, holds in self.holds.items():
            holds.sort(key=lambda hold: hold.begin)
            for one, other in zip(holds, holds[1:]):
                # The server's clock reads microseconds; ours may read less.
                if other.begin < one.end - 0.000001:
                    self._run.violation(
                        f"{event} was held by {one.claim} until {one.end:.6f} "
                        f"and by {other.claim} from {other.begin:.6f}")


class Fetcher(threading.Thread):
    """Does `_once` until it is over, whatever becomes of the service."""

    def __init__(self, run, ports, key, number):
        super().__init__(name=f"puller-{number}", daemon=True)
        self._random = random.Random(f"{run.seed}-{number}")
        self._ports = ports
        self._key = key
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.is_set():
            try:
                self._once()
            except client.FAULTS:
                time.sleep(0.05)

    def _post(self, verb, body):
        answer = client.call(self._random.choice(self._ports), "POST",
                             f"/api/inbox/{verb}", body, key=self._key)
        return answer.json() if answer.status == 200 else None


class Puller(Fetcher):
    """Claims events and does with them what receivers do, good ones and bad."""

    def __init__(self, run, ports, key, register, number):
        super().__init__(run, ports, key, number)
        self._register = register
        self.is_good = threading.Event()
        self.empty_since = None

    def _once(self):
        answer = self._post("claim", {"limit": self._random.randint(1, 20),
                                      "lease_seconds": LEASE})
        if answer is None:
            time.sleep(0.05)
            return
        held = self._register.claimed(answer)
        if not held:
            self.empty_since = self.empty_since or time.monotonic()
            time.sleep(0.02)
            return
        self.empty_since = None
        claim = answer["claim_id"]
        kind = 0.0 if self.is_good.is_set() else self._random.random()
        if kind < 0.6:
            self._give_up("ack", claim, held, list(held))
        elif kind < 0.7:  # some of them; the rest runs out
            ids = [event for event in held if self._random.random() < 0.5]
            self._give_up("ack", claim, held, ids)
        elif kind < 0.8:
            self._give_up("release", claim, held, list(held))
        elif kind < 0.9:  # takes its time, and says so
            for _ in range(self._random.randint(1, 3)):
                time.sleep(self._random.uniform(0.3, 0.8) * LEASE)
                self._extend(claim, held)
            self._give_up("ack", claim, held, list(held))
        elif kind < 0.95:  # takes its time, and comes too late
            time.sleep(self._random.uniform(0.9, 1.3) * LEASE)
            self._give_up("ack", claim, held, list(held))
        # Or dies.

    def _give_up(self, verb, claim, held, ids):
        if not ids:
            return
        for _ in range(3):
            self._register.giving_up(held, ids)
            try:
                answer = self._post(verb, {"claim_id": claim, "ids": ids})
            except client.FAULTS:
                time.sleep(0.05)
                continue
            if answer:
                return self._register.told(verb, held, answer["results"], None)

    def _extend(self, claim, held):
        answer = self._post("extend", {"claim_id": claim, "ids": list(held),
                                       "lease_seconds": LEASE})
        if answer:
            self._register.told("extend", held, answer["results"],
                                seconds_of(answer["lease_until"]))


class Follower(threading.Thread):
    """A reader of the stream that loses its connection again and again."""

    def __init__(self, run, ports, key, reconnects):
        super().__init__(name="follower", daemon=True)
        self._run = run
        self._random = random.Random(f"{run.seed}-follower")
        self._ports = ports
        self._key = key
        self._reconnects = reconnects
        self.connects = 0
        self.refused = 0
        self.last_id = None
        self.events = []
        self.has_begun = threading.Event()
        self.is_over = threading.Event()
        self.wants_all = threading.Event()

    def run(self):
        while not self.is_over.is_set():
            try:
                self._read_once()
            except OSError:
                time.sleep(0.02)

    def has_enough(self):
        return self.connects > self._reconnects

    def _read_once(self):
        head = ["GET /api/stream HTTP/1.1", "Host: chaos",
                f"X-API-Key: {self._key}"]
        if self.last_id:
            head.append(f"Last-Event-ID: {self.last_id}")
        address = ("127.0.0.1", self._random.choice(self._ports))
        with socket.create_connection(address, timeout=SILENCE) as peer:
            peer.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
            stream = peer.makefile("rb")
            status = stream.readline().split(b" ")
            if len(status) < 2 or status[1] != b"200":
                self.refused += 1
                if len(status) > 1 and status[1] not in (b"503",):
                    self._run.violation(f"the stream answered {status}")
                time.sleep(0.05)
                return
            while stream.readline() not in (b"\r\n", b""):
                pass
            self._follow(stream)

    def _follow(self, stream):
        self.connects += 1
        limit = 1 << 60 if self.wants_all.is_set() else \
            self._random.choice((0, 1, 3, 10, 40, 150))
        seen = 0
        place, data = None, []
        until = time.monotonic() + self._random.uniform(0.0, 0.3)
        while not self.is_over.is_set():
            try:
                line = stream.readline()
            except TimeoutError:
                self._run.violation(f"the stream said nothing for {SILENCE} s")
                return
            if not line.endswith(b"\n"):
                return  # it was cut; what is not whole never came
            line = line[:-1].decode()
            if line.startswith("id: "):
                place = line[4:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line:
                if place:
                    self.last_id = place
                    self.has_begun.set()
                if data:
                    self.events.append(json.loads("\n".join(data))["id"])
                    seen += 1
                place, data = None, []
                if not self.wants_all.is_set() and (
                        seen > limit or time.monotonic() > until):
                    return


def body(run):
    """Pullers with leases and a stream that is cut, under load and kill -9."""
    store = open_store(run)
    store.start()
    count = 2 if store.kind == "postgres" else 1
    nodes = [Service(run, store.url, f"node-{n + 1}") for n in range(count)]
    for node in nodes:
        node.start()
    tenant = nodes[0].organization("one")
    ports = [node.port for node in nodes]
    register = Register(run)
    follower = Follower(run, ports, tenant.key, run.options.reconnects)
    follower.start()
    if not follower.has_begun.wait(20):
        raise Abort("the stream did not begin")
    pullers = [Puller(run, ports, tenant.key, register, n)
               for n in range(run.options.pullers)]
    for one in pullers:
        one.start()
    with Load(run, ports, [tenant], Mix(pause=run.options.pause)) as load:
        for cycle in run.cycles():
            time.sleep(run.random.uniform(0.3, 1.0) * run.options.interval)
            victim = nodes[cycle % count]
            victim.kill()
            victim.start()
            run.say(f"cycle {cycle + 1}, {load.acknowledged()} acknowledged, "
                    f"{follower.connects} connects")
        limit = 30 + run.options.reconnects
        if not wait_until(follower.has_enough, limit, 0.1):
            run.violation(f"{follower.connects} connects in {limit} s")
    finish(run, store, nodes, pullers, follower)
    register.check()
    check_invariants(run, store, load.book)
    check_streamed(run, store, follower)
    check_delivered(run, store, register)
    run.figures["claims"] = register.counts["claims"]
    run.figures["holds"] = sum(map(len, register.holds.values()))
    run.figures["held more than once"] = sum(
        len(holds) > 1 for holds in register.holds.values())
    for status in ("delivered", "released", "extended", "lost"):
        run.figures[status] = register.counts[status]
    run.figures["connects"] = follower.connects
    run.figures["connects that were refused"] = follower.refused
    run.figures["streamed"] = len(follower.events)


def finish(run, store, nodes, pullers, follower):
    """All that was written reaches who fetches, and who follows."""
    for node in nodes:
        node.wait_drained()
    follower.wants_all.set()
    for one in pullers:
        one.is_good.set()

    def is_quiet():
        now = time.monotonic()
        return all(one.empty_since and now - one.empty_since > 2 * LEASE
                   for one in pullers)

    run.check(wait_until(is_quiet, 120), "the inbox does not get empty")
    seen = -1
    while seen != len(follower.events):
        seen = len(follower.events)
        time.sleep(2)
    for one in [*pullers, follower]:
        one.is_over.set()
    for node in nodes:
        code, took = node.terminate()
        run.check(code == 0, f"exit code {code} after SIGTERM")
        run.check(took < 10, f"{node.name} took {took:.1f} s to stop, with an "
                  "open stream")


def check_streamed(run, store, follower):
    stored = {row[0] for row in store.rows("select id from events")}
    got = collections.Counter(follower.events)
    twice = [event for event, times in got.items() if times > 1]
    missed = stored - set(got)
    run.check(not twice, f"{len(twice)} events came twice: {twice[:3]}")
    run.check(not missed, f"{len(missed)} events were missed: "
              f"{sorted(missed)[:3]}")
    run.check(not set(got) - stored, "events came that are not in the log")


def check_delivered(run, store, register):
    rows = store.rows("select event_id, status from event_deliveries")
    left = [row[0] for row in rows if row[1] != "delivered"]
    run.check(not left, f"{len(left)} events are not delivered: {left[:3]}")
    lost = set(register.delivered) - {row[0] for row in rows}
    run.check(not lost, f"{len(lost)} that were delivered are gone")


def options(parser):
    parser.add_argument("--reconnects", type=int, default=1000)
    parser.add_argument("--pullers", type=int, default=4)
    parser.add_argument("--pause", type=float, default=0.02,
                        help="seconds between two requests of a writer")
    parser.add_argument("--interval", type=float, default=5.0,
                        help="seconds between two kills, at the most")


if __name__ == "__main__":
    main("pullers", body, cycles=20, clients=4, extra=options)
