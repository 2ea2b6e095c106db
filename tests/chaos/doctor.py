"""`sluice doctor`, against a service, a store alone, and nothing."""

import contextlib
import json
import os
import sqlite3

import client
import harness
from ctl import REFUSED, run_program, start_with_console
from stores import open_store
from terminal import Terminal

OK, CRITICAL, MISUSED, NOTHING = range(4)
LINES = {"service", "dials", "queue", "stuck items", "quarantine", "rates",
         "parts", "delivery", "settings", "database", "schema", "books",
         "nodes", "versions", "process", "machine", "clock", "disk",
         "certificates", "openssl"}
# Not for a test to say: how busy the machine is, and how old what it runs.
OF_THE_MACHINE = {"books", "machine", "disk", "database", "process",
                  "postgresql", "sqlite", "openssl"}
OF_STORE = {"sqlite": {"database file", "sqlite"},
            "postgres": {"connections", "durability", "postgresql"}}


class Doctor:
    """Runs it, with the settings of a service."""

    def __init__(self, run, store, on):
        self.run = run
        self.words = ["--set", f"store.url={store.url}",
                      "--set", f"admin.listen=127.0.0.1:{on.port}",
                      "--set", f"admin.folder={on.folder}"]

    def __call__(self, *words, code=OK, looked_at="service"):
        """The findings by name; checks the exit code and the form."""
        done = run_program(self.run, "doctor", "--json", *self.words, *words)
        try:
            told = json.loads(done.stdout)
        except ValueError:
            self.run.violation(f"doctor: no JSON: {done}")
            return {}
        self.run.check(done.returncode == code,
                       f"doctor: exit code {done.returncode}, not {code}: "
                       f"{told}")
        self.run.check(told["looked_at"] == looked_at,
                       f"doctor looked at {told['looked_at']}: {told}")
        for one in told["findings"]:
            self.run.check((one["level"] == "ok") == (one["next"] is None),
                           f"doctor: a line without its command: {one}")
        return {one["name"]: one for one in told["findings"]}

    def expect(self, name, level, says, **how):
        found = self(**how).get(name, {})
        self.run.check(found.get("level") == level and
                       says in found.get("found", ""),
                       f"doctor: {name} is {found}, not {level} with {says!r}")


def body(run):
    """Puts things out of order one by one, and asks each time."""
    store = open_store(run)
    store.start()
    service, on = start_with_console(run, store)
    tenant = service.organization("one")
    doctor = Doctor(run, store, on)
    on("ledger", "verify")
    found = doctor()
    run.check(LINES | OF_STORE[run.options.store] <= set(found),
              f"lines are missing: {found.keys()}")
    for name, one in found.items():
        run.check(one["level"] == "ok" or name in OF_THE_MACHINE,
                  f"a healthy service: {one}")
    outputs(run, doctor)
    out_of_order(run, service, tenant, on, doctor)
    if store.kind == "postgres":
        server(store, doctor)
    unwritable(store, on, doctor)
    certificates(on, doctor)
    alone(run, store, service, tenant, doctor)


def outputs(run, doctor):
    """Text, colours on a terminal only, and misuse."""
    done = run_program(run, "doctor", *doctor.words)
    text = done.stdout.decode()
    run.check(done.returncode == OK and "\x1b" not in text,
              f"doctor off a terminal: {done}")
    run.check(text.startswith("looked at the running service at 127.0.0.1:"),
              f"doctor: {text[:100]}")
    for coloured, more in ((True, {}), (False, {"NO_COLOR": "1"})):
        shown = Terminal(run, [run.binary, "doctor", *doctor.words],
                         environment=more)
        shown.expect_end(OK, seconds=30)
        run.check(("\x1b[32mok\x1b[0m" in shown.shown) == coloured,
                  f"colours are wrong: {shown.shown[:200]!r}")
    for words in (["--nonsense"], ["word"], ["--timeout", "x"]):
        done = run_program(run, "doctor", *words)
        run.check(done.returncode == MISUSED, f"doctor {words}: {done}")


def out_of_order(run, service, tenant, on, doctor):
    on("pause", "--reason", "a test")
    doctor.expect("dials", "warning", "paused")
    batch = [{"type": "a", "payload": {}} for _ in range(150)]
    client.call(service.port, "POST", "/api/events/batch", batch,
                key=tenant.key)
    await_status(on, lambda health: health["queue"]["pending"] == 150)
    doctor.expect("queue", "warning", "150 pending")
    on("pause", "delivery")
    doctor.expect("delivery", "warning", "paused")
    on("mode", "reject")
    doctor.expect("dials", "critical", "reject", code=CRITICAL)
    on("mode", "async")
    on("resume")
    on("resume", "delivery")
    service.wait_drained()
    for target, code in (("sync", OK), ("stop", CRITICAL)):
        on("rollback", "apply", "--to", target)
        dials = doctor(code=code).get("dials", {})
        run.check(dials.get("next") == "sluice ctl rollback apply --undo",
                  f"doctor, rolled back to {target}: {dials}")
        on("rollback", "apply", "--undo")
    doctor.expect("dials", "ok", "intake async, processing running")
    on("restart", "janitor")
    harness.wait_until(lambda: runs_again(on, "janitor"), 10)
    doctor.expect("parts", "warning", "1 restart in")


def await_status(on, is_so):
    """Until the next sample of the health says it."""
    harness.wait_until(lambda: is_so(on.json("status")["health"]), 20, 0.2)


def runs_again(on, name):
    parts = {one["name"]: one for one in on.json("actors")["actors"]}
    return parts[name]["restarts"] and parts[name]["state"] == "running"


def reload(store, value):
    """Until new connections find it so."""
    store.execute("select pg_reload_conf()")
    shown = "select current_setting('synchronous_commit')"
    harness.wait_until(lambda: store.rows(shown)[0][0] == value, 10)


def server(store, doctor):
    """What PostgreSQL tells of itself."""
    store.execute("alter system set synchronous_commit = off")
    reload(store, "off")
    doctor.expect("durability", "warning", "synchronous_commit")
    store.execute("alter system reset synchronous_commit")
    reload(store, "on")
    doctor.expect("durability", "ok", "on disk")


@contextlib.contextmanager
def without_changes(store):
    """The store can be read, and takes no changes."""
    if store.kind == "sqlite":
        with contextlib.closing(sqlite3.connect(
                store.path, timeout=10, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield "another program holds its lock"
        return
    store.execute("alter system set default_transaction_read_only = on")
    store.execute("select pg_reload_conf()")
    yield "the database is read-only"
    store.execute("alter system reset default_transaction_read_only")
    store.execute("select pg_reload_conf()")


def unwritable(store, on, doctor):
    """Nobody sends anything: the heartbeat tells."""
    with without_changes(store) as cause:
        await_status(on, lambda health: cause in
                     (health["database_error"] or ""))
        on("status", says=f"database    down: can't be written: {cause}")
        on("mode", "reject", says="nothing was written", code=REFUSED)
        doctor.expect("database", "critical", "can't be written: ",
                      code=CRITICAL)
    await_status(on, lambda health: health["database"] == "up")
    doctor.expect("service", "ok", "up for")


def certificates(on, doctor):
    key = on.folder / "server.key"
    key.chmod(0o644)
    doctor.expect("certificates", "critical", "can be read by others",
                  code=CRITICAL)
    key.chmod(0o600)
    doctor.expect("certificates", "ok", "days at least")


def listing(folder):
    return sorted(os.listdir(folder)) if folder.exists() else None


def alone(run, store, service, tenant, doctor):
    """No service answers: the store is looked at, and let be."""
    beside = harness.wait_until(service.is_ready, 10)
    run.check(beside, "the service is not ready")
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    found = doctor(code=CRITICAL, looked_at="store")
    run.check(found["service"]["level"] == "critical" and
              found["service"]["next"] == "sluice serve",
              f"no service: {found['service']}")
    run.check(found["queue"]["found"].startswith("0 pending"),
              f"queue: {found['queue']}")
    run.check("process" not in found, "a process that is not there")
    # A service that runs with its port closed is neither locked out nor hurt.
    service.settings["admin.listen"] = "off"
    service.start()
    for _ in range(5):
        found = doctor("--set", "admin.listen=off", looked_at="store")
    run.check(found["service"]["level"] == "warning", f"{found['service']}")
    if store.kind == "sqlite":
        run.check(str(service.process.pid) in
                  found["service"]["found"].replace(" ", ""),
                  f"who works on it: {found['service']}")
    answer = client.call(service.port, "POST", "/api/events",
                         {"type": "a", "payload": {}}, key=tenant.key)
    run.check(answer.status == 202, f"after the doctor: {answer}")
    service.terminate()
    nothing(run, doctor)


def nothing(run, doctor):
    away = run.folder / "away"
    for url in (f"sqlite:{away}/sluice.db",
                f"postgresql://127.0.0.1:{run.port()}/none"):
        found = doctor("--set", f"store.url={url}", code=NOTHING,
                       looked_at="nothing")
        run.check(found["database"]["level"] == "critical", f"{found}")
    run.check(listing(away) is None, "the doctor has made a store")
    found = doctor("--set", "no.such=1", code=NOTHING, looked_at="nothing")
    run.check(found["settings"]["level"] == "critical", f"faults: {found}")


if __name__ == "__main__":
    harness.main("doctor", body, cycles=1)
