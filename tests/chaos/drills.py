"""Drills under the load of other tenants, interrupted, and what they leave."""

import subprocess

import gate
from ctl import DONE, REFUSED, start_with_console
from harness import main, wait_until
from invariants import check_invariants
from stores import open_store
from writers import Load, Mix

DRILLS = ("kill-worker", "kill-poller", "stuck-items", "db-outage", "poison",
          "slow-endpoint", "sync-roundtrip", "rollback")
NORMAL = {"ingest": "async", "processing": "running", "delivery": "running",
          "resume_at": None}
# Each must give no rows, once no drill is under way.
TRACES = {
    "an organization": "select id from organizations where name ="
                       " 'sluice drill'",
    "events": "select id from events where type = 'sluice.drill'",
    "items": "select id from event_queue where type = 'sluice.drill'",
    "discarded items": "select id from discarded where type = 'sluice.drill'",
    "an inbox": "select id from endpoints where organization_id not in"
                " (select id from organizations)",
    "a key": "select id from api_keys where organization_id not in"
             " (select id from organizations)",
    "deliveries": "select id from event_deliveries where organization_id not"
                  " in (select id from organizations)",
    "an open record": "select id from procedures where is_open",
}


def body(run):
    """Holds each drill, kills who holds it, and looks at what is left."""
    store = open_store(run)
    store.start()
    service, on = start_with_console(run, store, {
        "processor.retry_backoff": "200ms"})
    tenant = service.organization("one")
    refuse_nonsense(run, service, on)
    with Load(run, [service.port], [tenant], Mix(pause=run.options.pause)
              ) as load:
        for cycle in run.cycles():
            hold_all(run, service, on, cycle)
        kill_console(run, service, on)
        kill_service(run, service, on)
    service.wait_drained()
    on("ledger", "verify", says="balanced")
    check_history(run, on)
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    for what, sql in TRACES.items():
        left = store.rows(sql)
        run.check(not left, f"drills left {what}: {left[:3]}")
    check_invariants(run, store, load.book)


def refuse_nonsense(run, service, on):
    on("drill", "history", says="there was no drill")
    gate.order(service.port, "pause")
    # What a node knows of the gate is a sample.
    run.check(wait_until(lambda: on.raw("drill", "poison", "--force"
                                        ).returncode == REFUSED, 5),
              "a drill is held while the dials are not normal")
    gate.order(service.port, "resume")
    run.check(gate.ask(service.port, "drill").status == 404,
              "a drill that was refused is kept")


def hold_all(run, service, on, cycle):
    """All of them; the first time in one command."""
    if cycle == 0:
        shown = on.json("drill", "all", "--reason", "a test", seconds=170)
        reports = shown.get("drills", [])
        run.check([one["drill"] for one in reports] == list(DRILLS),
                  f"all: {[one['drill'] for one in reports]}")
    else:
        # Parts that are killed too often end the service.
        reports = [on.json("drill", name, "--events", "1000", seconds=90)
                   for name in DRILLS if not name.startswith("kill")]
    for report in reports:
        check_report(run, report)
    check_dials(run, service, "after all drills")


def check_report(run, report):
    name = report.get("drill")
    run.check(report.get("state") == "passed" and report["is_cleaned_up"]
              and report["recovery_ms"] is not None, f"{name}: {report}")
    figure = f"{name}, recovery ms"
    run.figures[figure] = max(run.figures.get(figure, 0),
                              report.get("recovery_ms") or 0)


def check_dials(run, service, name):
    shown = gate.state(service.port) or {}
    seen = {dial: shown.get(dial) for dial in NORMAL}
    run.check(seen == NORMAL, f"{name}: the dials are {seen}")


def begin(run, on, name):
    """`ctl` that holds the drill, once that is under way."""
    child = subprocess.Popen(
        [run.binary, "ctl", "--connect", f"127.0.0.1:{on.port}", "--folder",
         str(on.folder), "drill", name],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, cwd=run.folder)
    return child


def newest(service):
    answer = gate.ask(service.port, "drill")
    return answer.json() if answer.status == 200 else {}


def await_steps(run, service, name, count):
    run.check(wait_until(lambda: newest(service).get("drill") == name
                         and newest(service)["state"] == "under way"
                         and len(newest(service)["steps"]) >= count, 20),
              f"{name} never came to step {count}: {newest(service)}")


def kill_console(run, service, on):
    """The drill goes on without whoever asked for it."""
    child = begin(run, on, "db-outage")
    await_steps(run, service, "db-outage", 2)
    child.kill()
    child.wait()
    on("drill", "poison", code=REFUSED, says="db-outage is under way")
    run.check(wait_until(lambda: newest(service)["state"] == "passed", 30),
              f"without its console: {newest(service)}")


def kill_service(run, service, on):
    """The next life cleans up, and says so."""
    for name in ("sync-roundtrip", "rollback"):
        child = begin(run, on, name)
        await_steps(run, service, name, 2)
        service.kill()
        # It would wait for its answer until its patience is over.
        child.kill()
        child.wait()
        service.start()
        run.check(wait_until(lambda: on.raw("status").returncode == DONE, 15),
                  "the console is not back")
        run.check(wait_until(
            lambda: newest(service).get("state") == "interrupted", 20),
            f"{name} after a kill: {newest(service)}")
        run.check(newest(service)["is_cleaned_up"], f"{newest(service)}")
        check_dials(run, service, f"{name} after a kill")


def check_history(run, on):
    shown = on.json("drill", "history", "--limit", "3")["drills"]
    run.check([one["drill"] for one in shown]
              == ["rollback", "sync-roundtrip", "db-outage"],
              f"history: {shown}")
    on("drill", "history", says="interrupted")


def options(parser):
    parser.add_argument("--pause", type=float, default=0.02,
                        help="seconds between two requests of a client")


if __name__ == "__main__":
    main("drills", body, cycles=2, clients=4, extra=options)
