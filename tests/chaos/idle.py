"""What an idle service costs, and how fast an event gets through it."""

import pathlib
import statistics
import time
from datetime import datetime

import client
from harness import main
from service import Service
from stores import open_store

CPU_LIMIT = 0.01
RESIDENT_LIMIT_MIB = 64
MEDIAN_LIMIT_MS = 10.0
SAMPLES = 60


def body(run):
    """Measures CPU and memory of an idle service, and the way of an event."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url)
    service.start()
    tenant = service.organization("idle")
    latencies = measure_ways(run, service, tenant)
    by_clock = [pair[0] for pair in latencies]
    by_client = [pair[1] for pair in latencies]
    run.figures["in the log after, median ms"] = statistics.median(by_clock)
    run.figures["in the log after, worst ms"] = max(by_clock)
    run.figures["seen stored after, median ms"] = statistics.median(by_client)
    time.sleep(2.0)
    share = cpu_share(service.process.pid, run.options.window)
    resident = resident_mib(service.process.pid)
    run.figures["idle CPU, share of a core"] = round(share, 5)
    run.figures["resident, MiB"] = resident
    run.check(statistics.median(by_clock) < MEDIAN_LIMIT_MS,
              "an event takes too long into an idle service's log")
    run.check(share < CPU_LIMIT, f"idle, yet {share:.2%} of a core")
    run.check(resident < RESIDENT_LIMIT_MIB, f"{resident:.1f} MiB resident")
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def measure_ways(run, service, tenant):
    """Pairs of milliseconds: by the service's clock, and as a client sees."""
    link = client.Connection(service.port)
    headers = [("X-API-Key", tenant.key), ("Content-Type", "application/json")]
    text = "x" * 230
    body = f'{{"type":"idle","payload":{{"text":"{text}"}}}}'.encode()
    pairs = []
    for _ in range(SAMPLES):
        time.sleep(run.random.uniform(0.05, 0.3))
        begin = time.monotonic()
        identity = link.exchange("POST", "/api/events", body,
                                 headers).json()["id"]
        pairs.append(wait_stored(run, link, headers, identity, begin))
    link.close()
    return pairs


def wait_stored(run, link, headers, identity, begin):
    while time.monotonic() - begin < 10:
        view = link.exchange("GET", f"/api/events/{identity}", None,
                             headers[:1]).json()
        if view["status"] == "stored":
            seen = time.monotonic() - begin
            way = moment(view["stored_at"]) - moment(view["accepted_at"])
            return way.total_seconds() * 1e3, seen * 1e3
        time.sleep(0.001)
    run.violation(f"{identity} is not stored after 10 s: {view}")
    return 10_000.0, 10_000.0


def moment(text):
    return datetime.fromisoformat(text)


def cpu_share(pid, seconds):
    before, begin = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - begin)


def cpu_seconds(pid):
    """Of all threads, ended ones too, from the process's own clock."""
    return time.clock_gettime((~pid << 3) | 2)


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def options(parser):
    parser.add_argument("--window", type=float, default=10.0,
                        help="seconds over which idle CPU is measured")


if __name__ == "__main__":
    main("idle", body, cycles=1, extra=options)
