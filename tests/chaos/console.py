"""Every verb of `sluice ctl`, through the real program."""

import client
import harness
from ctl import (DONE, NO_CONNECTION, REFUSED, TIMED_OUT, UNAUTHORISED, USAGE,
                 make_authority, other_version, run_program,
                 start_with_console, stripped_program)
from stores import open_store

WAITING = 40
CHANGE = ("--reason", "a test")


def body(run):
    """Gives each order once, and looks at its output and exit code."""
    store = open_store(run)
    store.start()
    service, on = start_with_console(run, store)
    tenant = service.organization("one")
    look(run, on)
    turn_dials(on)
    set_settings(on)
    drain(run, service, tenant, on)
    drain_too_long(run, service, tenant, on)
    operate(run, store, service, tenant, on)
    preview(run, store, on)
    show(run, store, service, tenant, on)
    mend(run, store, service, tenant, on)
    misuse(run, on)
    others(run, on, on.folder)
    other_builds(run, on)
    check_audit(run, store, service)
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    on("status", code=NO_CONNECTION, says="refused")


def look(run, on):
    on("status", says="intake      async")
    on("actors", says="poller")
    on("nodes", says="node-1")
    on("settings", says="processor.max_concurrency")
    shown = on.json("status")
    run.check(shown["health"]["status"] == "ok", f"status: {shown}")
    run.check(on.json("actors")["actors"], "no actors")
    secret = [one for one in on.json("settings")["settings"]
              if one["key"] == "auth.admin_token"]
    run.check(secret[0]["value"] == "***", f"a secret is shown: {secret}")


def turn_dials(on):
    on("mode", "sync", *CHANGE, says="intake      sync")
    on("mode", "reject", "--retry-after", "90", *CHANGE,
       says="reject, retry after 90 s")
    # Not ready is an answer, too.
    on("status", says="unavailable")
    on("mode", "async", *CHANGE)
    on("pause", *CHANGE, says="processing  paused")
    on("resume", "processing", says="processing  running")
    on("pause", "delivery", "--resume-after", "10m", *CHANGE,
       says="then all dials go back to intake async")
    on("resume", "delivery", says="delivery    running")
    on("mode", "sync", "--reason", "\x1b[31mred\n", code=REFUSED,
       says="without control characters")


def set_settings(on):
    on("set", "processor.max_concurrency", "2", *CHANGE)
    shown = {one["key"]: one["value"]
             for one in on.json("settings")["settings"]}
    on.run.check(shown["processor.max_concurrency"] == "2",
                 f"not set: {shown}")
    on("unset", "processor.max_concurrency", *CHANGE, says="is what file")
    on("set", "processor.max_concurrency=2", *CHANGE,
       says="processor.max_concurrency is set")
    on("unset", "processor.max_concurrency", *CHANGE)
    shown = {one["key"]: one["source"]
             for one in on.json("settings")["settings"]}
    on.run.check(shown["processor.max_concurrency"] != "override",
                 f"not unset: {shown}")
    on("reload", says="nothing has changed")
    on("set", "processor.max_concurency", "2", code=REFUSED,
       says="did you mean processor.max_concurrency?")
    on("set", "http.listen", "127.0.0.1:1", code=REFUSED,
       says="takes effect at a start only")


def fill(run, service, tenant, count=WAITING):
    batch = [{"type": "console", "payload": {"n": n}} for n in range(count)]
    answer = client.call(service.port, "POST", "/api/events/batch", batch,
                         key=tenant.key)
    run.check(answer.status == 202, f"batch: {answer}")
    return [one["id"] for one in answer.json()["results"]]


def drain(run, service, tenant, on):
    on("pause")
    fill(run, service, tenant)
    on("drain", "--timeout", "30s", *CHANGE, says="balanced")
    shown = on.json("status")
    run.check(shown["gate"]["processing"] == "drained", f"drain: {shown}")
    proof = shown["gate"]["last_drain"]
    run.check(proof["waiting_before"] == WAITING, f"drain: {proof}")
    on("resume")


def drain_too_long(run, service, tenant, on):
    """One item after the other, and more than fit into a second."""
    on("pause")
    for _ in range(20):
        fill(run, service, tenant, 1000)
    on("set", "processor.batch_size", "1")
    on("set", "processor.max_concurrency", "1")
    on("drain", "--timeout", "1s", code=TIMED_OUT, says=" left")
    on("set", "processor.batch_size", "500")
    service.wait_drained()


def operate(run, store, service, tenant, on):
    on("assess", says="verdict     nothing is damaged")
    on("poll", *CHANGE, says="looked at now")
    on("cleanup", *CHANGE, says="0 rescued, 0 quarantined")
    on("restart", "janitor", *CHANGE, says="started again")
    on("restart", "nobody", code=REFUSED, says="these are: ingest, ")
    on("restart", "worker 1", code=REFUSED, says="`worker` starts one of them")
    on("restart", "worker_pool", code=REFUSED, says="these are: ingest, ")
    on("restart", "worker", *CHANGE, says="started again")
    on("reload", *CHANGE, says="nothing has changed")
    noted = [(one["action"], one["reason"], one["detail"].split(" act=")[0])
             for one in on.json("audit", "--limit", "5")["entries"]]
    run.check(noted == [
        ("reload", "a test", "changed=0"),
        ("restart", "a test", "begun"),
        ("restart", "a test", "begun"),
        ("cleanup", "a test", "rescued=0 quarantined=0"),
        ("poll", "a test", "begun")], f"audit: {noted}")
    on("ledger", "verify", says="balanced")
    on("pause")
    first, second, *_ = fill(run, service, tenant)
    on("queue", "requeue", first, *CHANGE, says="0 requeued, 1 passed over\n"
       "passed over: unknown, or not in quarantine")
    on("queue", "discard", first, *CHANGE, code=REFUSED, says="--yes")
    on("queue", "list", says=first)
    on("queue", "list", "--status", "quarantined", "--limit", "5",
       "--older-than", "1h", says="ID")
    listed = on.json("queue", "list", "--org", tenant.id, "--limit", "1")
    run.check([one["id"] for one in listed["items"]] == [first],
              f"queue list: {listed}")
    on("queue", "list", "--org", "acme", code=REFUSED, says="has to be a UUID")
    on("--yes", "queue", "discard", first, *CHANGE,
       says="1 discarded, 0 passed over")
    done = on.json("queue", "discard", second, "--yes", *CHANGE)
    run.check(done.get("discarded") == 1, f"discard: {done}")
    on("queue", "discard", "no-id", "--yes", *CHANGE, code=REFUSED,
       says="is no event id")
    newest = on.json("audit", "--limit", "1")["entries"]
    run.check([one["action"] for one in newest] == ["discard"],
              f"audit: {newest}")
    on("audit", says="discard")
    on("ledger", "repair", *CHANGE, code=REFUSED, says="--yes")
    on("ledger", "repair", "--yes", *CHANGE, says="nothing to repair")
    on("resume")
    if store.kind == "postgres":
        service.wait_drained()
        store.execute("delete from events where id = "
                      "(select max(id::text)::uuid from events)")
        on("ledger", "verify", code=REFUSED, says="does not balance: 1 fault\n")
        report = on.json("ledger", "verify", code=REFUSED)
        run.check(report.get("fault_count") == 1, f"verify: {report}")


def preview(run, store, on):
    """What a dry run says is written nowhere."""
    before = on.json("audit", "--limit", "1")["entries"]
    shown = on.json("status")["gate"]
    on("mode", "reject", "--dry-run", says="would be:\nintake      reject")
    on("pause", "--dry-run", says="now:\nintake      async")
    on("resume", "delivery", "--dry-run", says="would be")
    on("drain", "--dry-run", says="processing  draining")
    on("set", "processor.batch_size", "7", "--dry-run",
       says="processor.batch_size")
    on("set", "processor.batch_size", "0", "--dry-run", code=REFUSED)
    on("unset", "processor.batch_size", "--dry-run")
    on("cleanup", "--dry-run", says="0 would be rescued")
    on("ledger", "repair", "--dry-run", says="would be repaired"
       if store.kind == "postgres" else "nothing to repair")
    on("recover", "--dry-run", says="0 stuck items would be taken")
    on("queue", "discard", "--status", "pending", "--dry-run",
       says="would be discarded")
    on("queue", "requeue", "--older-than", "1h", "--dry-run",
       says="0 would be requeued")
    run.check(on.json("status")["gate"]["version"] == shown["version"],
              "a dry run turned a dial")
    run.check(on.json("audit", "--limit", "1")["entries"] == before,
              "a dry run is in the audit log")


def show(run, store, service, tenant, on):
    """One event on its way."""
    service.wait_drained()
    on("pause")
    kept, _, *others = fill(run, service, tenant)
    on("queue", "show", kept, says="status      queued")
    on("queue", "show", kept, "--payload", says='{"n": 0}')
    shown = on.json("queue", "show", kept, "--payload")["places"]
    run.check([one["payload"] for one in shown] == ['{"n": 0}'],
              f"queue show: {shown}")
    on("queue", "discard", "--status", "pending", "--org", tenant.id, *CHANGE,
       code=REFUSED, says="Discard 40 events? That can't be undone: say --yes")
    on("queue", "discard", others[-1], "--yes", *CHANGE, says="1 discarded")
    on("queue", "show", others[-1], says="status      discarded")
    on("resume")
    service.wait_drained()
    on("queue", "show", kept, says="status      stored")
    on("queue", "show", "01a21722-4274-7000-92cb-6f364a76450b", code=REFUSED,
       says="no event with this id")
    on("queue", "show", "no-id", code=REFUSED, says="no event with this id")
    on("queue", "requeue", "--status", "quarantined", "--yes", *CHANGE,
       says="0 requeued")


def mend(run, store, service, tenant, on):
    """Damage that an operator's SQL has done, and the way out of it."""
    if store.kind != "postgres":
        on("recover", "--yes", *CHANGE, says="0 stuck items taken")
        return
    on("ledger", "repair", "--yes", *CHANGE)
    on("pause")
    doubled, other, stuck, *_ = fill(run, service, tenant)
    columns = "id, organization_id, type, payload, dedup_id"
    for one in (doubled, other):
        store.execute(
            f"insert into events ({columns}, inserted_at, accepted_at) select"
            f" {columns}, now(), inserted_at from event_queue"
            f" where id = '{one}'")
    store.execute(f"update events set payload = '{{}}' where id = '{other}'")
    store.execute("update event_queue set last_error = E'\\x1b[31mred',"
                  " status = 'quarantined', attempts = 5"
                  f" where id = '{stuck}'")
    on("assess", says="1 items of the queue that are in the log already"
       "  -> sluice ctl recover --dry-run")
    on("assess", says="1 x \\x1b[31mred  -> sluice ctl queue show")
    on("assess", "--quick", says="in log      not looked for")
    on("queue", "show", stuck, says="\\x1b[31mred")
    shown = on.json("queue", "show", doubled)["places"]
    run.check([one["status"] for one in shown] == ["queued", "stored"],
              f"queue show: {shown}")
    on("recover", *CHANGE, code=REFUSED, says="1 that are in the log already")
    on("recover", "--dry-run", says="1 items that are in the log already would")
    on("recover", "--yes", *CHANGE, says="left for you")
    shown = on.json("queue", "show", doubled)["places"]
    run.check([one["status"] for one in shown] == ["stored"],
              f"after recover: {shown}")
    done = on.json("recover", "--yes", *CHANGE)
    run.check(done["unqueued"] == 0, f"recover again: {done}")
    run.check([one["code"] for one in done["left"]] ==
              ["in_log_with_other_contents", "quarantined"],
              f"recover again: {done}")
    noted = [one for one in on.json("audit")["entries"]
             if one["action"] == "recover"]
    run.check([one["target"] for one in noted] ==
              ["rescued=0 quarantined=0 unqueued=1"], f"audit: {noted}")
    on("queue", "discard", other, "--yes", *CHANGE, says="1 discarded")
    on("queue", "requeue", "--status", "quarantined", "--yes", *CHANGE,
       says="1 requeued")
    on("resume")
    service.wait_drained()


def misuse(run, on):
    for words in ((), ("nonsense",), ("mode",), ("mode", "fast"),
                  ("pause", "everything"), ("set", "a"), ("restart",),
                  ("queue",), ("queue", "discard"), ("ledger", "repair"),
                  ("queue", "discard", "id"), ("drain", "--timeout", "1.5s"),
                  ("queue", "show"), ("queue", "requeue", "--dry-run"),
                  ("queue", "requeue", "id", "--org", "id", *CHANGE),
                  ("queue", "discard", "--status", "lost", *CHANGE),
                  ("drain", "--timeout", "0"), ("--timeout", "x", "status"),
                  ("mode", "reject", "--retry-after", "-1")):
        on(*words, code=USAGE)
    on("stats", code=USAGE, says="did you mean `status`?")
    for address in ("127.0.0.1:99999", ":14011", "14011"):
        on("status", connect=address, code=USAGE, says="HOST:PORT")
    for verb in ("status", "top", "console", "actors", "nodes", "settings",
                 "mode", "pause", "resume", "drain", "set", "unset", "reload",
                 "audit", "poll", "cleanup", "restart", "assess", "recover",
                 "ledger verify", "ledger repair", "queue list", "queue show",
                 "queue requeue", "queue discard", "rollback plan",
                 "rollback apply", "rollback verify", "rollback abort",
                 "rollback report"):
        on(*verb.split(), "--help", says=f"Example:\n  sluice ctl {verb}")


def others(run, on, folder):
    """Who gets in, and who does not."""
    ada = run.folder / "ada"
    issue = ("admin-cert", "ada", str(ada), "--set", f"admin.folder={folder}")
    done = run_program(run, *issue)
    run.check(done.returncode == 0, f"admin-cert: {done}")
    run.check((ada.stat().st_mode & 0o777) == 0o700, "ada's folder is open")
    again = run_program(run, *issue)
    run.check(again.returncode == 1, f"admin-cert once more: {again}")
    on("mode", "async", "--reason", "by ada", folder=ada)
    on("status", folder=run.folder / "nobody", code=UNAUTHORISED,
       says="no certificate to show")
    (ada / "operator.key").chmod(0o644)
    on("status", folder=ada, code=UNAUTHORISED, says="others may read this key")
    stranger = run.folder / "stranger"
    make_authority(run, stranger)
    on("status", folder=stranger, code=UNAUTHORISED)
    told = on.json("status", folder=stranger, code=UNAUTHORISED)
    run.check("certificate" in told.get("error", ""), f"stranger: {told}")
    on("status", connect="127.0.0.1:1", code=NO_CONNECTION)
    on("status", connect="no-such-host.invalid:4001", code=NO_CONNECTION)


def other_builds(run, on):
    """Another build gets through; another version is told what is wrong."""
    stripped = stripped_program(run)
    on("status", binary=stripped, says="intake")
    on("mode", "async", "--reason", "another build", binary=stripped)
    other = other_version(run, "9.8.7")
    for words in (["status"], ["mode", "sync", *CHANGE]):
        told = on(*words, binary=other, code=REFUSED, says="9.8.7")
        shown = run_program(run, "--version").stdout.decode().split()[-1]
        run.check(shown in told, f"the service's version is not in {told!r}")
    on("status", says="intake      async")


def check_audit(run, store, service):
    """Who did it stands in the audit log."""
    if store.kind != "postgres":
        return
    actors = {row[0] for row in store.rows(
        "select distinct actor from audit_log")}
    for name in ("operator (", "ada ("):
        run.check(any(one.startswith(name) for one in actors),
                  f"nobody is {name} in the audit log: {actors}")
    log = service.log_path.read_text()
    run.check("by operator (" in log, "orders are not in the log")
    run.check("PRIVATE" not in log, "a key is in the log")


if __name__ == "__main__":
    harness.main("console", body, cycles=1)
