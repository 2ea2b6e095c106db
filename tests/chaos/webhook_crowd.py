"""Endpoints that hang don't delay those that answer."""

import asyncio
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import client
import harness
from harness import main
from service import Service
from stores import open_store

# As many as an organization may have.
OF_TENANT = 100
# One endpoint in so many hangs, when it is time.
HANGING = 10
# What is less than the granularity of two busy processors is no delay.
NOISE = 0.025


async def receive(reader, writer, seen, marker):
    """Serves one connection; notes path, when it came, and which event."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            length = next(int(line.partition(b":")[2])
                          for line in head.lower().split(b"\r\n")
                          if line.startswith(b"content-length:"))
            number = json.loads(await reader.readexactly(length))["data"]["n"]
            if path.startswith("/hang") and os.path.exists(marker):
                await reader.read()  # until the sender has had enough
                return
            seen.write(f"{path}\t{time.time():.6f}\t{number}\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve(port, seen, marker):
    with open(seen, "a", buffering=1) as lines:
        server = await asyncio.start_server(
            lambda reader, writer: receive(reader, writer, lines, marker),
            "127.0.0.1", port, backlog=1024)
        async with server:
            await server.serve_forever()


class Crowd:
    """The receiver of all endpoints, as a process of its own."""

    def __init__(self, run):
        self.port = run.port()
        self.seen = run.folder / "seen.tsv"
        self.marker = run.folder / "hanging"
        process = subprocess.Popen(
            [sys.executable, __file__, "receive", str(self.port),
             str(self.seen), str(self.marker)],
            stdin=subprocess.DEVNULL, preexec_fn=harness.child_dies_with_us)
        run.cleanup.callback(process.wait)
        run.cleanup.callback(process.kill)

    def ages(self, answered, begin, end):
        """How long after its acknowledgement well endpoints had an event.

        Of those that came in this time, sorted. The disk's time until the
        acknowledgement is not what the others are to blame for.
        """
        out = []
        for line in self.seen.read_text().splitlines():
            path, came, number = line.split("\t")
            # The last POST may have been taken in without an answer.
            if (path.startswith("/well") and begin <= float(came) < end
                    and int(number) < len(answered)):
                out.append(max(0.0, float(came) - answered[int(number)]))
        return sorted(out)


def body(run):
    """Lets a tenth of many endpoints hang, and looks at the others."""
    store = open_store(run)
    store.start()
    crowd = Crowd(run)
    service = Service(run, store.url, settings={
        "delivery.allow_networks": "127.0.0.0/8",
        "delivery.allow_http": "on",
        "delivery.timeout": f"{run.options.timeout}s",
        "delivery.connect_timeout": "1s",
        "delivery.retry_schedule": "1s 2s 4s " + "10s " * 12,
        "delivery.max_in_flight": str(run.options.in_flight)})
    service.start()
    tenants = make_endpoints(run, service, crowd)
    load = Load(run, service, tenants)
    load.start()
    time.sleep(run.options.phase / 3)  # connections are made, lanes are wide
    well = phase(run)
    crowd.marker.touch()
    # The first moments count, too: that is when all of them are taken in.
    hanging = phase(run)
    load.end()
    judge(run, crowd.ages(load.answered, *well),
          crowd.ages(load.answered, *hanging))
    service.terminate()


def make_endpoints(run, service, crowd):
    tenants = []
    for first in range(0, run.options.endpoints, OF_TENANT):
        tenant = service.organization(f"tenant {first}")
        tenants.append(tenant)
        for number in range(first, min(first + OF_TENANT,
                                       run.options.endpoints)):
            kind = "hang" if number % HANGING == 0 else "well"
            made = client.call(
                service.port, "POST", "/api/endpoints",
                {"url": f"http://127.0.0.1:{crowd.port}/{kind}/{number}"},
                key=tenant.key)
            if made.status != 201:
                raise harness.Abort(f"no endpoint: {made}")
    return tenants


class Load(threading.Thread):
    """Each tenant has an event now and then, in turn and evenly."""

    def __init__(self, run, service, tenants):
        super().__init__(daemon=True)
        self._run = run
        self._service = service
        self._tenants = tenants
        self._is_ending = threading.Event()
        # When the event of this number was acknowledged.
        self.answered = []

    def run(self):
        pause = 1 / (self._run.options.rate * len(self._tenants))
        turn = 0
        due = time.monotonic()
        while not self._is_ending.wait(max(0.0, due - time.monotonic())):
            answer = client.call(
                self._service.port, "POST", "/api/events",
                {"type": "crowd", "payload": {"n": turn}},
                key=self._tenants[turn % len(self._tenants)].key)
            self._run.check(answer.status == 202, f"not accepted: {answer}")
            self.answered.append(time.time())
            turn += 1
            due += pause

    def end(self):
        self._is_ending.set()
        self.join()


def phase(run):
    begin = time.time()
    time.sleep(run.options.phase)
    return begin, time.time()


def judge(run, well, hanging):
    if len(well) < 100:
        raise harness.Abort(f"only {len(well)} webhooks arrived")
    run.check(len(hanging) >= 0.9 * len(well),
              f"{len(hanging)} webhooks arrived while some hung, "
              f"{len(well)} before")
    mark = f"p{run.options.percentile}"
    figures = []
    for name, ages in (("all well", well), ("a tenth hangs", hanging)):
        slow = ages[int(len(ages) * run.options.percentile / 100)]
        figures.append(slow)
        run.figures[f"{name}: webhooks, median, {mark}, worst"] = (
            f"{len(ages)}, {ages[len(ages) // 2]:.4f} s, {slow:.4f} s, "
            f"{ages[-1]:.4f} s")
    before, after = figures
    run.figures[f"{mark} grew to"] = after / before
    run.check(after <= max(before * run.options.growth, before + NOISE),
              f"{mark} of the others grew from {before:.4f} s to {after:.4f} s")


def options(parser):
    parser.add_argument("--endpoints", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=1.0,
                        help="events a second of each organization")
    parser.add_argument("--timeout", type=int, default=30,
                        help="delivery.timeout, in seconds")
    parser.add_argument("--in-flight", type=int, default=256,
                        help="delivery.max_in_flight")
    parser.add_argument("--percentile", type=int, default=99,
                        help="of the times to the others, what is judged")
    parser.add_argument("--growth", type=float, default=1.5,
                        help="what that may grow to")
    parser.add_argument("--phase", type=float, default=60.0,
                        help="seconds that are looked at, twice")


if __name__ == "__main__":
    if sys.argv[1:2] == ["receive"]:
        asyncio.run(serve(int(sys.argv[2]), pathlib.Path(sys.argv[3]),
                          sys.argv[4]))
    else:
        main("webhook_crowd", body, cycles=1, extra=options)
