"""Clients that write events and remember exactly what they were told.

Every event carries a payload that no other has, so that the data alone shows
whether it was stored once, twice or never. An event with a name of its own (a
`dedup_id` or an `Idempotency-Key`) is sent again until its fate is known; one
without is never sent twice.
"""

import collections
import dataclasses
import hashlib
import json
import random
import threading
import time

import client

FILLER = ("the quick brown fox jumps over the lazy dog \u00e9\u00df\u6f22\U0001f980 "
          "\\\"quoted\\\" \\u00e9 back\\\\slash \\n ' ; -- %s $1 ") * 8


@dataclasses.dataclass(slots=True)
class Event:
    """One logical event and what became of it."""

    organization: object
    scope: str  # none, event (dedup_id) or request (Idempotency-Key)
    name: str
    body: bytes
    digest: str
    tries: int = 0
    told: str = ""  # why it was refused


class Book:
    """What the clients were told. Filled by one writer; merged at the end."""

    def __init__(self):
        self.acknowledged = {}  # id -> Event
        self.ids = {}  # digest -> id
        self.unknown = {}  # digest -> Event: may be stored, or not
        self.refused = {}  # digest -> Event: told that nothing was written
        self.answers = collections.Counter()
        self.faults = collections.Counter()
        self.slowest = 0.0

    def merge(self, other):
        self.acknowledged.update(other.acknowledged)
        self.ids.update(other.ids)
        self.unknown.update(other.unknown)
        self.refused.update(other.refused)
        self.answers.update(other.answers)
        self.faults.update(other.faults)
        self.slowest = max(self.slowest, other.slowest)


@dataclasses.dataclass
class Mix:
    """How a writer writes. Shares are of one."""

    named: float = 0.7
    batch: float = 0.3
    repeat: float = 0.02
    largest_batch: int = 20
    pause: float = 0.0


class Writer(threading.Thread):
    """One client on one connection at a time, over one or several nodes."""

    def __init__(self, run, number, ports, organizations, mix, series):
        super().__init__(daemon=True)
        self.run_ = run
        self._series = f"{series}-{number}"
        self.book = Book()
        self.last_success = 0.0
        self.last_refusal = 0.0
        self._number = number
        self._random = random.Random(f"writer-{self._series}")
        self._organizations = organizations
        self._mix = mix
        self._connections = [client.Connection(port) for port in ports]
        self._node = number % len(ports)
        self._count = 0
        self._again = collections.deque()
        self._done = collections.deque(maxlen=50)
        self._ending = threading.Event()
        self._settle_until = None
        self._is_judged = True

    def finish(self, seconds):
        """No new events; the unsettled ones have this long to settle.

        With 0 the run is lost already, and nobody asks what settled.
        """
        self._is_judged = seconds > 0
        self._settle_until = time.monotonic() + seconds
        self._ending.set()

    def unsettled(self):
        return len(self._again)

    def run(self):
        try:
            while not self._ending.is_set():
                self._step()
            while self._again and time.monotonic() < self._settle_until:
                self._resend()
        except Exception as reason:  # the script must hear of it
            self.run_.violation(f"writer {self._number} broke: {reason!r}")
        for event in self._again:
            if self._is_judged:
                self.run_.violation(f"never settled: {event.scope}"
                                    f" {event.name}, {event.tries} tries")
            self.book.unknown[event.digest] = event
        for connection in self._connections:
            connection.close()

    def send_one(self):
        """Sends a fresh event at once, in the caller's thread; its id.

        None when it was not acknowledged. Only for a writer not started.
        """
        event = self._fresh(self._random.choice(self._organizations))
        self._send(event)
        return self.book.ids.get(event.digest)

    def send_many(self, count):
        """Sends so many fresh events at once; as `send_one`."""
        owner = self._random.choice(self._organizations)
        for begin in range(0, count, 1000):
            self._send_batch([self._fresh(owner, True) for _ in
                              range(min(1000, count - begin))])

    def _step(self):
        if self._again:
            self._resend()
        elif self._done and self._random.random() < self._mix.repeat:
            self._repeat(self._random.choice(self._done))
        elif self._random.random() < self._mix.batch:
            size = self._random.randint(1, self._mix.largest_batch)
            owner = self._random.choice(self._organizations)
            self._send_batch([self._fresh(owner, True) for _ in range(size)])
        else:
            self._send(self._fresh(self._random.choice(self._organizations)))
        if self._mix.pause:
            self._ending.wait(self._mix.pause)

    def _fresh(self, owner, in_batch=False):
        self._count += 1
        name = f"{self._series}-{self._count}"
        scope = "none"
        if self._random.random() < self._mix.named:
            requests = not in_batch and self._random.random() < 0.3
            scope = "request" if requests else "event"
        size = self._random.randint(0, 400)
        if self._random.random() < 0.002:
            size = self._random.randint(10_000, 60_000)
        text = (FILLER * (size // len(FILLER) + 1))[:size].rstrip("\\")
        payload = (f'{{ "marker":"{name}", "n" : {self._count}.50e+1,'
                   f'"z":[1,-0.0,{{}}],"a":{json_text(text)}}}').encode()
        body = b'{"type":"chaos.%d","payload":%s' % (
            self._count % 7, payload)
        if scope == "event":
            body += b',"dedup_id":"%s"' % name.encode()
        return Event(owner, scope, name, body + b"}",
                     hashlib.sha256(payload).hexdigest())

    def _exchange(self, path, body, owner, name=None):
        """The answer, or None after a fault that the book has noted."""
        headers = [("X-API-Key", owner.key),
                   ("Content-Type", "application/json")]
        if name:
            headers.append(("Idempotency-Key", name))
        begin = time.monotonic()
        try:
            answer = self._connections[self._node].exchange(
                "POST", path, body, headers)
        except client.Unsent:
            self.book.faults["unsent"] += 1
        except client.FAULTS as fault:
            self.book.faults[type(fault).__name__.lower()] += 1
        else:
            self.book.slowest = max(
                self.book.slowest, time.monotonic() - begin)
            self.book.answers[answer.status, answer.slug()
                              if answer.status >= 400 else ""] += 1
            if answer.status == 503:
                self.last_refusal = time.monotonic()
                if "retry-after" not in answer.headers:
                    self.run_.violation(f"503 without Retry-After: {answer}")
            if answer.status in (201, 202):
                self.last_success = time.monotonic()
            return answer
        self._node = (self._node + 1) % len(self._connections)
        self._ending.wait(0.01)
        return None

    def _send(self, event):
        event.tries += 1
        answer = self._exchange(
            "/api/events", event.body, event.organization,
            event.name if event.scope == "request" else None)
        if answer is None:
            self._doubt(event)
        elif answer.status in (201, 202):
            self._settle(event, answer.json()["id"])
        elif answer.status == 409 and event.tries > 1:
            self._settle(event, first_id(answer))
        elif answer.status == 503:
            self._refuse(event, answer.json())
            self._ending.wait(self._random.uniform(0.02, 0.06))
        else:
            self.run_.violation(
                f"try {event.tries} of {event.scope} {event.name}: {answer}")

    def _send_batch(self, events):
        for event in events:
            event.tries += 1
        body = b"[" + b",".join(event.body for event in events) + b"]"
        answer = self._exchange("/api/events/batch", body,
                                events[0].organization)
        if answer is None:
            for event in events:
                self._doubt(event)
        elif answer.status in (201, 202, 207):
            results = batch_results(answer)
            if len(results) != len(events):
                self.run_.violation(f"{len(results)} results for"
                                    f" {len(events)} events: {answer}")
            for event, result in zip(events, results):
                self._settle_item(event, result)
        elif answer.status == 503:
            for event in events:
                self._refuse(event, answer.json())
            self._ending.wait(self._random.uniform(0.02, 0.06))
        else:
            self.run_.violation(f"batch of {len(events)}: {answer}")

    def _settle_item(self, event, result):
        if result["status"] in (201, 202):
            self.last_success = time.monotonic()
            self._settle(event, result["id"])
        elif result["status"] == 503:
            self.last_refusal = time.monotonic()
            self._refuse(event, result["error"])
        else:
            self.run_.violation(f"an item of a batch: {result}")

    def _resend(self):
        event = self._again.popleft()
        self._send(event)

    def _repeat(self, event):
        """An acknowledged event again: the same id must be the answer."""
        known = self.book.ids[event.digest]
        answer = self._exchange(
            "/api/events", event.body, event.organization,
            event.name if event.scope == "request" else None)
        if answer is None or answer.status == 503:
            return
        expected = (409,) if event.scope == "event" else (201, 202)
        if answer.status not in expected or first_id(answer) != known:
            self.run_.violation(f"repeat of {event.scope} {event.name},"
                                f" known as {known}: {answer}")

    def _settle(self, event, identity):
        other = self.book.acknowledged.get(identity)
        if other is not None and other is not event:
            self.run_.violation(f"id {identity} was given to {other.name}"
                                f" and to {event.name}")
        self.book.acknowledged[identity] = event
        self.book.ids[event.digest] = identity
        if event.scope != "none":
            self._done.append(event)

    def _doubt(self, event):
        if event.scope == "none":
            self.book.unknown[event.digest] = event
        else:
            self._again.append(event)

    def _refuse(self, event, problem):
        event.told = f"{problem['type']} {problem.get('detail', '')}"
        if event.scope != "none":
            self._again.append(event)
        elif problem["type"].endswith(":commit-outcome-unknown"):
            self.book.unknown[event.digest] = event
        else:
            self.book.refused[event.digest] = event


def json_text(text):
    """`text` holds JSON escapes already where it wants them."""
    cut = text
    while True:
        try:
            json.loads(f'"{cut}"')
            return f'"{cut}"'
        except ValueError:
            cut = cut[:-1]


def first_id(answer):
    body = answer.json()
    return body.get("event_id") or body.get("id")


def batch_results(answer):
    """One result for each event: `status`, and `id` or `error`."""
    return answer.json()["results"]


class Load:
    """Several writers at once; use as a context, then read `book`.

    Loads of one run need different `series`: the names of events start so.
    """

    def __init__(self, run, ports, organizations, mix=None, series=0,
                 kind=Writer):
        self.run = run
        self.book = Book()
        self.writers = [
            kind(run, number, ports, organizations, mix or Mix(),
                 f"{run.seed}-{series}")
            for number in range(run.options.clients)]

    def __enter__(self):
        for writer in self.writers:
            writer.start()
        return self

    def __exit__(self, kind, value, trace):
        self.finish(0.0 if kind else 60.0)

    def finish(self, seconds=60.0):
        """Stops writing; named events are sent until they are settled."""
        for writer in self.writers:
            writer.finish(seconds)
        for writer in self.writers:
            writer.join(seconds + 30)
            self.book.merge(writer.book)
        self._keep_book()
        figures = self.run.figures
        figures["acknowledged"] = len(self.book.acknowledged)
        figures["in doubt, never settled"] = len(self.book.unknown)
        figures["answers"] = ", ".join(
            f"{status} {slug}".strip() + f": {count}" for (status, slug), count
            in sorted(self.book.answers.items()))
        figures["connection faults"] = ", ".join(
            f"{k}: {v}" for k, v in sorted(self.book.faults.items())) or "none"
        figures["slowest answer, s"] = self.book.slowest

    def _keep_book(self):
        """Evidence: what was told about which event."""
        with open(self.run.folder / "book.tsv", "a") as file:
            for identity, event in self.book.acknowledged.items():
                file.write(f"acknowledged\t{identity}\t{event.scope}\t"
                           f"{event.name}\t{event.digest}\n")
            for told in ("unknown", "refused"):
                for event in getattr(self.book, told).values():
                    file.write(f"{told}\t\t{event.scope}\t{event.name}\t"
                               f"{event.digest}\n")

    def acknowledged(self):
        return sum(len(writer.book.acknowledged) for writer in self.writers)

    def success_since(self, moment):
        """When a writer last succeeded, if that was after `moment`."""
        newest = max(writer.last_success for writer in self.writers)
        return newest if newest > moment else None

    def refusal_since(self, moment):
        """When a writer was last told 503, if that was after `moment`."""
        newest = max(writer.last_refusal for writer in self.writers)
        return newest if newest > moment else None
