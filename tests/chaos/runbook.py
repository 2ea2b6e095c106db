"""Every command of docs/runbook.md, against a running service.

What stands below a command has to be what it answers, but for ids, times,
numbers and levels. With --write the answers are written into the document.
"""

import pathlib
import re
import shlex

import client
import harness
from ctl import DONE, run_program, start_with_console
from poison import NO_TRIGGER, TRIGGER
from stores import open_store

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "runbook.md"
COMMAND = "    $ sluice "
WAITING = 1200
# What differs from run to run. The operator's login is in brackets.
MASKS = ((r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
         (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
         (r"\(\w+\)", "(LOGIN)"),
         (r"\d[\d.]* s\b|\bnot known\b", "0 s"),
         (r"\d+( \d{3})*", "0"),
         (r"\s+(ok|warning|critical)$", ""),
         (r"; the oldest for 0 s$", ""),
         (r"not checked yet", "balanced"),
         (r"\s+", " "))


# Lines that are there or not: a command, and that a time is not known yet.
LOOSE = ("->", "mind   this node has not yet had a queue")


class Scene:
    """A service on PostgreSQL, and what each chapter finds it in."""

    def __init__(self, run):
        self.run = run
        self.store = open_store(run)
        self.store.start()
        self.service, self.on = start_with_console(run, self.store, {
            "processor.max_attempts": "1", "ledger.verify_interval": "1h"})
        self.settings = [word for key in ("store.url", "admin.listen",
                                          "admin.folder")
                         for word in ("--set",
                                      f"{key}={self.service.settings[key]}")]
        self.tenant = self.service.organization("one")

    def send(self, kind, count):
        batch = [{"type": kind, "payload": {"n": n}} for n in range(count)]
        for at in range(0, count, 1000):
            answer = client.call(self.service.port, "POST",
                                 "/api/events/batch", batch[at:at + 1000],
                                 key=self.tenant.key)
            self.run.check(answer.status == 202, f"batch: {answer}")

    def count(self, condition):
        return int(self.store.rows(f"select count(*) from {condition}")[0][0])

    def await_count(self, condition, count):
        if not harness.wait_until(lambda: self.count(condition) == count, 30):
            raise harness.Abort(f"never {count} of {condition}")

    # What each chapter needs, by its title.

    def it_is_slow(self):
        self.on("pause")
        self.send("order.paid", WAITING)
        self.on("resume")
        self.await_count("event_queue", 0)

    def items_fail(self):
        for sql in TRIGGER["postgres"]:
            self.store.execute(sql)
        self.send("poison", 2)
        self.await_count("event_queue where status = 'quarantined'", 2)
        for sql in NO_TRIGGER["postgres"]:
            self.store.execute(sql)

    def back_to_synchronous(self):
        self.on("pause")
        self.send("order.paid", WAITING)

    def events_are_missing(self):
        self.service.wait_drained()
        self.store.execute("delete from events where id = "
                           "(select max(id::text)::uuid from events)")

    def corruption_or_a_bug(self):
        """Two items are written into the log by hand, one is stuck."""
        self.service.wait_drained()
        self.on("mode", "async")
        self.on("pause", "processing")
        self.send("order.paid", 3)
        columns = "id, organization_id, type, payload, dedup_id"
        self.store.execute(
            f"insert into events ({columns}, inserted_at, accepted_at) select"
            f" {columns}, now(), inserted_at from event_queue"
            " order by id limit 2")

    def prepare(self, title):
        name = re.sub(r"\W+", "_", title.lower()).strip("_")
        getattr(self, name, lambda: None)()

    def quarantined(self):
        """An item that a command may name; which, does not matter."""
        rows = self.store.rows("select id from event_queue where status ="
                               " 'quarantined' order by id limit 1")
        return rows[0][0] if rows else "ID"


def masked(line, command):
    if command == "doctor":
        # What it finds is of the machine; the lines of its list are not.
        line = re.sub(r"^(ok|warning|critical) ", "", line[:24])
    for pattern, name in MASKS:
        line = re.sub(pattern, name, line)
    return line.strip()


def answer_to(scene, command):
    """Runs it; its output, line by line. `# 1` is the exit code it ends with."""
    words, _, code = command.partition(" # ")
    named = shlex.split(words.replace(" ID", " " + scene.quarantined()))
    done = (scene.on.raw(*named[1:]) if named[0] == "ctl"
            else run_program(scene.run, *named, *scene.settings))
    scene.run.check(
        done.returncode == int(code or DONE),
        f"{words}: exit code {done.returncode}: {done.stderr.decode()}")
    text = done.stdout.decode().replace(str(scene.run.folder), "/srv/sluice")
    return [line for line in text.splitlines()
            if scene.run.options.write or not line.strip().startswith(LOOSE)]


def body(run):
    """Follows the document, chapter by chapter."""
    scene = Scene(run)
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    out = []
    commands = 0
    while lines:
        line = lines.pop(0)
        out.append(line)
        if line.startswith("## "):
            scene.prepare(line[3:])
        if not line.startswith(COMMAND):
            continue
        commands += 1
        said = []
        while (lines and lines[0].startswith("    ")
               and not lines[0].startswith(COMMAND)):
            said.append(lines.pop(0)[4:])
        said = [one for one in said if not one.strip().startswith(LOOSE)]
        command = line[len(COMMAND):]
        found = answer_to(scene, command)
        out.extend(("    " + one).rstrip() for one in found)
        if not run.options.write:
            run.check([masked(one, command) for one in said] ==
                      [masked(one, command) for one in found],
                      f"{line.strip()}: the document says {said}, the service "
                      f"{found}")
    run.figures["commands"] = commands
    run.check(commands > 20, f"only {commands} commands were found")
    if run.options.write:
        DOCUMENT.write_text("\n".join(out) + "\n", encoding="utf-8")
    code, _ = scene.service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def add_arguments(parser):
    parser.add_argument("--write", action="store_true",
                        help="write the answers into the document")


if __name__ == "__main__":
    harness.main("runbook", body, cycles=1, stores=("postgres",),
                 extra=add_arguments)
