"""An operator's own SQL on the queue, while workers run: every 50 ms, and as
fast as it goes until it has taken items from workers."""

import re
import subprocess
import time

import harness
from harness import main
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load

RELEASE = ("UPDATE event_queue SET status = 'pending'"
           " WHERE status = 'processing'")
INTERVAL = 0.05
PATIENCE = 60


class Operator:
    """A psql that repeats the runbook's UPDATE until it is stopped."""

    def __init__(self, run, store):
        self.path = run.folder / "operator.txt"
        command = store.psql_command()
        command.remove("-q")
        command = [word.replace("ON_ERROR_STOP=1", "ON_ERROR_STOP=0")
                   for word in command]
        self._file = open(self.path, "wb")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=self._file,
            stderr=self._file, preexec_fn=harness.child_dies_with_us)
        run.cleanup.callback(self.stop)

    def work(self, seconds):
        """One UPDATE each interval, each a transaction of its own."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._update()
            time.sleep(INTERVAL)

    def work_until_it_meets_one(self, seconds):
        """One UPDATE after the other, until one has changed a row.

        Items are claimed nearly all the time, but an UPDATE that comes while
        they are moved waits for them and then finds them gone: it has to come
        between the two, which on some machines is rare.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end and not sum(self._counts()):
            told = len(self._counts())
            self._update()
            while time.monotonic() < end and len(self._counts()) == told:
                time.sleep(0.001)

    def _update(self):
        self._process.stdin.write(RELEASE.encode() + b";\n")
        self._process.stdin.flush()

    def _counts(self):
        return [int(count) for count in re.findall(
            r"^UPDATE (\d+)", self.path.read_text(), re.M)]

    def stop(self):
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(30)
        self._file.close()

    def report(self, run):
        counts = self._counts()
        errors = re.findall(r"^ERROR:.*", self.path.read_text(), re.M)
        run.figures["operator's updates"] = len(counts)
        run.figures["items taken from workers"] = sum(counts)
        run.figures["operator's errors"] = (
            f"{len(errors)}, {errors[0]}" if errors else 0)
        run.check(counts, "the operator's SQL never ran")
        run.check(sum(counts), "the operator's SQL never met a claimed item;"
                  " nothing was tested")


def body(run):
    """Sets claimed items back to pending every 50 ms under load."""
    store = open_store(run)
    store.start()
    # Small batches and many workers: claims are held nearly all the time.
    service = Service(run, store.url, settings={
        "processor.batch_size": "50", "processor.max_concurrency": "4"})
    service.start()
    tenants = [service.organization(name) for name in ("one", "two")]
    operator = Operator(run, store)
    with Load(run, [service.port], tenants) as load:
        for _ in run.cycles():
            operator.work(1.0)
            service.assert_alive()
        operator.work_until_it_meets_one(PATIENCE)
    operator.stop()
    operator.report(run)
    service.wait_drained()
    quarantined = service.health()["queue"]["quarantined"]
    run.check(quarantined == 0, f"{quarantined} items were quarantined though"
              " only an operator's SQL touched them")
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    check_invariants(run, store, load.book)


if __name__ == "__main__":
    main("operator_sql", body, cycles=60, stores=("postgres",))
