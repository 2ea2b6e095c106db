"""Rollbacks under load, interrupted at each checkpoint, and undone again."""

import json
import subprocess
import time

import gate
from ctl import DONE, REFUSED, TIMED_OUT, start_with_console
from harness import main, wait_until
from invariants import check_invariants
from stores import open_store
from writers import Load, Mix, Writer

STEPS = ("check", "turn", "drain", "verify")
# Who is killed, and before which step; nobody comes first.
INTERRUPTIONS = ((None, None),) + tuple(
    (victim, step) for step in STEPS for victim in ("service", "console"))
NORMAL = {"ingest": "async", "processing": "running", "delivery": "running"}


def body(run):
    """Rolls back to each target, with and without a kill, and undoes it."""
    store = open_store(run)
    store.start()
    service, on = start_with_console(run, store, {
        "ingest.max_queue_depth": "1000000"})
    tenant = service.organization("one")
    refuse_nonsense(run, service, on)
    filler = Writer(run, 0, [service.port], [tenant], Mix(), f"{run.seed}-fill")
    book = filler.book
    for cycle in run.cycles():
        victim, step = INTERRUPTIONS[cycle % len(INTERRUPTIONS)]
        with Load(run, [service.port], [tenant], Mix(pause=run.options.pause),
                  cycle) as load:
            roll_back(run, service, on, filler, victim, step)
        book.merge(load.book)
    to_other_targets(run, service, on, filler)
    give_up(run, service, on, filler)
    service.wait_drained()
    on("ledger", "verify", says="balanced")
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    check_invariants(run, store, book)


def refuse_nonsense(run, service, on):
    on("rollback", "verify", code=REFUSED, says="there was no rollback")
    on("rollback", "report", code=REFUSED, says="there was no rollback")
    on("rollback", "apply", "--undo", code=REFUSED, says="could be undone")
    on("rollback", "abort", code=REFUSED, says="no rollback is under way")
    plan = on.json("rollback", "plan", "--to", "stop")
    run.check([one["step"] for one in plan["steps"]]
              == ["check", "turn", "verify"], f"plan: {plan}")
    shown = gate.state(service.port)
    run.check(shown["version"] == 0, f"a plan turned the dials: {shown}")


def fill(run, service, filler, count):
    """So many events wait, behind a pause."""
    gate.order(service.port, "pause")
    before = len(filler.book.acknowledged)
    filler.send_many(count)
    taken = len(filler.book.acknowledged) - before
    run.check(taken == count, f"{taken} of {count} events were taken")


def roll_back(run, service, on, filler, victim, step):
    """There, past an interruption, and back."""
    name = f"{victim} killed before {step}" if victim else "undisturbed"
    run.say(name)
    fill(run, service, filler, run.options.waiting)
    gate.order(service.port, "resume")
    if victim == "service":
        walk_to(run, service, step)
        service.kill()
        service.start()
        await_console(run, on)
    elif victim == "console":
        kill_console_at(run, service, on, step)
    report = run.folder / "report.txt"
    begin = time.monotonic()
    shown = on.json("rollback", "apply", "--to", "sync", "--reason", name,
                    "--report", str(report), seconds=120)
    run.figures["apply, worst s"] = max(
        run.figures.get("apply, worst s", 0.0), time.monotonic() - begin)
    check_report(run, name, shown, report)
    check_answers(run, filler, 201)
    on("rollback", "verify", says="proven")
    on("rollback", "apply", "--undo", says="proven")
    expect_dials(run, service, NORMAL, f"{name}: undone")
    check_answers(run, filler, 202)


def walk_to(run, service, step):
    """Begins one, and stops before the step, as whoever crashes there."""
    shown = gate.order(service.port, "rollback",
                       {"target": "sync", "timeout": 60}).json()
    for _ in range(1000):
        if next_step(shown) == step:
            break
        answer = gate.order(service.port, "rollback/advance",
                            {"id": shown["id"]})
        if not run.check(answer.status == 200, f"advance: {answer}"):
            return
        shown = answer.json()
    run.check(next_step(shown) == step, f"never at {step}: {shown}")


def next_step(shown):
    return next((one["step"] for one in shown["steps"]
                 if not one["is_done"]), None)


def kill_console_at(run, service, on, step):
    """Kills `ctl` as soon as the service has come to the step."""
    begun = gate.ask(service.port, "rollback")
    before = begun.json()["id"] if begun.status == 200 else None
    child = subprocess.Popen(
        [run.binary, "ctl", "--connect", f"127.0.0.1:{on.port}", "--folder",
         str(on.folder), "rollback", "apply", "--to", "sync"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, cwd=run.folder)

    def is_there():
        answer = gate.ask(service.port, "rollback")
        if answer.status != 200 or answer.json()["id"] == before:
            return False
        shown = answer.json()
        return (shown["state"] != "under way"
                or STEPS.index(next_step(shown)) >= STEPS.index(step))

    run.check(wait_until(is_there, 60, 0.001), f"never at {step}")
    child.kill()
    child.wait()


def await_console(run, on):
    run.check(wait_until(lambda: on.raw("status").returncode == DONE, 15),
              "the console is not back")


def check_report(run, name, shown, report):
    if not run.check(shown.get("is_proven"), f"{name}: {shown}"):
        return
    run.check(shown["state"] == "done" and not shown["open_points"],
              f"{name}: {shown}")
    proof = shown["steps"][2]["facts"]["certificate"]
    run.check(proof and proof["is_balanced"], f"{name}: {proof}")
    last = shown["steps"][3]["facts"]
    run.check(last["books"]["is_balanced"], f"{name}: {last}")
    run.check(last["queue"]["pending"] == 0
              and last["queue"]["processing"] == 0, f"{name}: {last}")
    kept = json.loads((report.parent / "report.txt.json").read_text())
    run.check(kept == shown, f"{name}: the report says {kept}")
    run.check("done, and proven" in report.read_text(),
              f"{name}: {report.read_text()}")


def check_answers(run, filler, wanted):
    """What every new event is answered now."""
    answers = filler.book.answers
    before = answers.copy()
    for _ in range(20):
        filler.send_one()
    given = answers - before
    # A connection that a killed service left is noticed by the first of them.
    run.check(set(given) == {(wanted, "")} and given.total() >= 19,
              f"20 events are answered {dict(given)}, not {wanted}")


def expect_dials(run, service, wanted, name):
    shown = gate.state(service.port)
    seen = {dial: shown[dial] for dial in wanted}
    run.check(seen == wanted, f"{name}: {seen}, not {wanted}")


def to_other_targets(run, service, on, filler):
    """Refusal and a standstill, and what others do meanwhile."""
    on("rollback", "apply", "--to", "reject", "--retry-after", "7",
       says="done, and proven")
    run.check(filler.send_one() is None, "an event is taken at reject")
    on("status", says="rollback    to reject, by operator (")
    on("pause", "delivery", "--resume-after", "10m", code=REFUSED,
       says="the rollback to reject, by operator (")
    on("mode", "async", "--reason", "by hand",
       says="back: sluice ctl rollback apply --undo")
    on("rollback", "verify", code=REFUSED, says="ingest is async, not reject")
    on("rollback", "apply", "--undo", says="proven")
    fill(run, service, filler, 1000)
    gate.order(service.port, "pause")
    on("rollback", "apply", "--to", "stop", says="done, and proven")
    expect_dials(run, service, {"ingest": "reject", "processing": "paused",
                                "delivery": "paused"}, "stop")
    on("rollback", "apply", "--undo", says="proven")
    expect_dials(run, service, {"ingest": "async", "processing": "paused",
                                "delivery": "running"}, "stop undone")
    gate.order(service.port, "resume")


def give_up(run, service, on, filler):
    """A drain that takes too long, and one that somebody stops."""
    on("set", "processor.batch_size", "1")
    on("set", "processor.max_concurrency", "1")
    fill(run, service, filler, 20_000)
    on("rollback", "apply", "--to", "sync", "--timeout", "1s", code=TIMED_OUT,
       says="not empty within 1 s")
    on("status", says="under way, step drain; go on: sluice ctl rollback apply"
       " --to sync, give up: sluice ctl rollback abort")
    on("rollback", "apply", "--to", "reject", code=REFUSED,
       says="a rollback to sync is under way")
    shown = on.json("rollback", "plan")
    run.check(shown["open"] and shown["open"]["target"] == "sync",
              f"plan: {shown}")
    on("rollback", "abort", "--reason", "a test", says="aborted")
    expect_dials(run, service, {"ingest": "async", "processing": "paused"},
                 "aborted")
    on("rollback", "apply", "--undo", code=REFUSED, says="could be undone")
    gate.order(service.port, "resume")
    walk_to(run, service, "drain")
    on("mode", "async", "--reason", "by hand")
    answer = gate.order(service.port, "rollback/advance", {
        "id": gate.ask(service.port, "rollback").json()["id"]})
    run.check(answer.status == 409 and "by hand" in str(answer),
              f"dials that strayed: {answer}")
    on("set", "processor.batch_size", "500")
    on("rollback", "apply", "--to", "sync", says="ingest is async, not sync")
    on("rollback", "apply", "--undo", says="proven")


def options(parser):
    parser.add_argument("--waiting", type=int, default=50_000,
                        help="events that wait when a rollback begins")
    parser.add_argument("--pause", type=float, default=0.05,
                        help="seconds between two requests of a client")


if __name__ == "__main__":
    main("rollback", body, cycles=len(INTERRUPTIONS), extra=options)
