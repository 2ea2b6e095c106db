"""Each verb of `sluice ctl` answers soon, on a service under load."""

import json
import statistics
import time

import client
from ctl import DONE, REFUSED, start_with_console
from harness import main
from stores import open_store
from writers import Load, Mix

WHY = ("--reason", "a test")
BATCH = 1000
# What goes on until it is done tells how far it is: drain, rollback, drills.
VERBS = (
    ("status",), ("actors",), ("nodes",), ("settings",), ("audit",),
    ("poll", *WHY), ("cleanup", *WHY), ("cleanup", "--dry-run"),
    ("set", "processor.batch_size", "400", *WHY),
    ("unset", "processor.batch_size", *WHY), ("reload",),
    ("mode", "sync", *WHY), ("mode", "async", *WHY),
    ("pause", *WHY), ("resume", *WHY),
    ("pause", "delivery", *WHY), ("resume", "delivery", *WHY),
    ("queue", "list", "--limit", "100"),
    ("queue", "requeue", "--dry-run", "--status", "quarantined", *WHY),
    ("assess", "--quick"), ("recover", "--dry-run", *WHY),
    ("ledger", "verify"), ("rollback", "plan"), ("drill", "history"),
    ("top", "--count", "1"), ("restart", "health", *WHY),
)


def body(run):
    """Times them all, some times over."""
    store = open_store(run)
    store.start()
    service, on = start_with_console(run, store, {
        "ingest.max_queue_depth": "100000000"})
    tenant = service.organization("one")
    event = json.dumps({"type": "verbs", "payload": {"n": 1}})
    for _ in range(0, run.options.events, BATCH):
        client.call(service.port, "POST", "/api/events/batch",
                    f"[{','.join([event] * BATCH)}]".encode(), key=tenant.key)
    service.wait_drained()
    took = {}
    with Load(run, [service.port], [tenant], Mix(pause=0.005)) as load:
        for _ in run.cycles():
            for words in VERBS:
                begin = time.monotonic()
                done = on.raw(*words)
                spent = time.monotonic() - begin
                took.setdefault(" ".join(words[:2]), []).append(spent)
                run.check(done.returncode in (DONE, REFUSED),
                          f"{words}: {done.returncode} {done.stderr[:200]}")
        run.figures["acknowledged meanwhile"] = load.acknowledged()
    for name, times in sorted(took.items(),
                              key=lambda pair: -max(pair[1]))[:6]:
        run.figures[f"{name}, worst s"] = max(times)
        run.figures[f"{name}, median s"] = statistics.median(times)
    for name, times in took.items():
        run.check(statistics.median(times) <= run.options.limit,
                  f"{name}: {statistics.median(times):.2f} s")
    service.terminate()


def options(parser):
    parser.add_argument("--events", type=int, default=200_000,
                        help="in the log beforehand")
    parser.add_argument("--limit", type=float, default=1.0,
                        help="seconds that a verb may take")


if __name__ == "__main__":
    main("verb_times", body, cycles=5, extra=options)
