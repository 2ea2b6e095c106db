"""An operator's own SQL on the queue, every 50 ms, while workers run."""

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
            self._process.stdin.write(RELEASE.encode() + b";\n")
            self._process.stdin.flush()
            time.sleep(INTERVAL)

    def stop(self):
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(30)
        self._file.close()

    def report(self, run):
        text = self.path.read_text()
        counts = [int(n) for n in re.findall(r"^UPDATE (\d+)", text, re.M)]
        errors = re.findall(r"^ERROR:.*", text, re.M)
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
