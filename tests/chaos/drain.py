"""A drain under load ends by itself or at its deadline, with its proof."""

import time

import client
import gate
from harness import main, wait_until
from service import Service
from stores import open_store
from writers import Load, Mix

MODES = ("reject", "sync", "async")
ASYNC_SECONDS = 5


def body(run):
    """Drains a long queue in each mode of the intake, under load."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url, settings={
        "ingest.max_queue_depth": "1000000"})
    service.start()
    tenant = service.organization("one")
    for mode in MODES:
        fill(run, service, tenant, run.options.waiting)
        drain(run, store, service, tenant, mode)
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def fill(run, service, tenant, count):
    """So many events wait, behind a pause."""
    gate.order(service.port, "mode", {"mode": "async"})
    gate.order(service.port, "pause")
    for begin in range(0, count, 1000):
        batch = [{"type": "drain", "payload": {"n": begin + n}}
                 for n in range(min(1000, count - begin))]
        answer = client.call(service.port, "POST", "/api/events/batch", batch,
                             key=tenant.key)
        run.check(answer.status == 202, f"batch: {answer}")


def drain(run, store, service, tenant, mode):
    with Load(run, [service.port], [tenant], Mix(pause=0.005), mode):
        gate.order(service.port, "mode", {"mode": mode, "retry_after": 1})
        begin = time.monotonic()
        limit = ASYNC_SECONDS if mode == "async" else 60
        answer = gate.order(service.port, "drain", {"timeout": limit})
        if not run.check(answer.status == 200, f"drain: {answer}"):
            return
        left = []

        def ended():
            shown = gate.state(service.port)
            if shown and shown["drain"]:
                left.append(shown["drain"]["left"])
            return shown if shown and shown["processing"] != "draining" else None

        shown = wait_until(ended, 75, 0.1)
        took = time.monotonic() - begin
        # What was refused has to settle before the load ends.
        gate.order(service.port, "mode", {"mode": "async"})
    run.figures[f"{mode}: seconds"] = took
    if not run.check(shown, f"{mode}: the drain did not end"):
        return
    # While events keep coming in, the queue may never be seen empty.
    gave_up = (mode == "async" and shown["processing"] == "running"
               and ASYNC_SECONDS <= took < ASYNC_SECONDS + 2)
    run.figures[f"{mode}: ended as"] = shown["processing"]
    if shown["processing"] == "drained":
        check_proof(run, store, mode, shown["last_drain"])
    else:
        run.check(gave_up, f"{mode}: ended as {shown['processing']} after"
                  f" {took:.1f} s, {left[-3:]} left")
    if mode != "async":
        rises = [pair for pair in zip(left, left[1:]) if pair[1] > pair[0]]
        run.check(not rises, f"{mode}: progress went back: {rises[:3]}")
    gate.order(service.port, "resume")
    service.wait_drained()


def check_proof(run, store, mode, proof):
    """The certificate against itself, and against what SQL says."""
    run.check(proof["is_balanced"], f"{mode}: {proof}")
    run.check(proof["waiting_before"] >= run.options.waiting,
              f"{mode}: {proof['waiting_before']} waited")
    if store.kind != "postgres":
        return
    span = f"seq > {proof['from']} and seq <= {proof['to']}"
    for kind in ("accepted", "stored"):
        counted = int(store.rows(
            f"select coalesce(sum(count), 0) from ledger where kind = '{kind}'"
            f" and {span}")[0][0])
        run.check(counted == proof[kind],
                  f"{mode}: {kind}: {proof[kind]}, by SQL {counted}")


def options(parser):
    parser.add_argument("--waiting", type=int, default=100_000,
                        help="events that wait when the drain begins")


if __name__ == "__main__":
    main("drain", body, cycles=1, clients=4, extra=options)
