"""The frame of every chaos script: arguments, evidence, verdict.

A script hands `main` a function that takes a `Run`. The function breaks
things, tells the run what it saw (`run.violation`, `run.figures`) and returns.
Exit codes: 0 promise held, 1 promise broken, 77 skipped with a reason.
"""

import argparse
import contextlib
import ctypes
import os
import pathlib
import random
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback

SKIPPED = 77
SAMPLES_SHOWN = 20


class Skip(Exception):
    """The machine lacks what this script needs; the text says what."""


class Abort(Exception):
    """The run can't go on; the text says why. Counts as a violation."""


class Run:
    """One run of one script: its seed, its folder, what it found."""

    def __init__(self, name, options):
        self.name = name
        self.options = options
        self.seed = options.seed
        self.random = random.Random(f"{name}-{options.seed}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"sluice-chaos-{name}-"))
        self.folder.chmod(0o711)  # PostgreSQL runs as another user below it
        self.binary = str(pathlib.Path(options.binary).resolve())
        self.figures = {}
        self.violations = []
        self.cleanup = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._held_ports = []
        self._started = time.monotonic()

    def say(self, text):
        elapsed = time.monotonic() - self._started
        # One write, so that threads do not mix their lines.
        sys.stdout.write(f"[{elapsed:7.1f}s] {self.name}: {text}\n")
        sys.stdout.flush()

    def violation(self, text):
        """Records a broken promise. Thread-safe; the run goes on."""
        with self._lock:
            self.violations.append(text)
            count = len(self.violations)
        if count <= SAMPLES_SHOWN:
            self.say(f"VIOLATION: {text}")

    def check(self, holds, text):
        if not holds:
            self.violation(text)
        return holds

    def cycles(self):
        """Counts cycles until `--cycles` or `--seconds` is reached."""
        begin = time.monotonic()
        count = 0
        while count < self.options.cycles and (
            not self.options.seconds
            or time.monotonic() - begin < self.options.seconds
        ):
            yield count
            count += 1
        self.figures["cycles"] = count

    def port(self):
        """A free port below the ephemeral range, ours until the run ends.

        The claim is an abstract socket name, so that runs side by side never
        pick the same port, even while nobody listens on it.
        """
        source = random.SystemRandom()
        for _ in range(1000):
            number = source.randrange(20000, 32000)
            claim = socket.socket(socket.AF_UNIX)
            probe = socket.socket()
            try:
                claim.bind(f"\0sluice-chaos-port-{number}")
                probe.bind(("127.0.0.1", number))
            except OSError:
                claim.close()
                continue
            finally:
                probe.close()
            self._held_ports.append(claim)
            return number
        raise Abort("no free port")

    def repeat_command(self):
        words = [sys.executable, os.path.abspath(sys.argv[0])] + sys.argv[1:]
        if "--seed" not in " ".join(sys.argv):
            words += ["--seed", str(self.seed)]
        return shlex.join(words)


def child_dies_with_us():
    """For `preexec_fn`: the child is killed when the script dies.

    The kernel ties this to the thread that forks, so only the main thread may
    start processes that are to live.
    """
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def wait_until(condition, seconds, pause=0.02):
    """Polls until `condition()` is true; its value, or None at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            return None
        time.sleep(pause)


def add_pairs(parser, least, what):
    """The options of a script that compares times in rounds."""
    parser.add_argument("--pairs", type=int, default=least, help=what)
    parser.add_argument("--pairs-at-most", type=int, default=0,
                        help="as long as they are not well, there are more")


def measure_pairs(options, measure, is_well):
    """`--pairs` rounds of `measure(number)` whose times are compared.

    A machine whose disk stands still now and then spoils several short rounds
    in a row. So there may be more of them, until the last ones are well
    together; those are returned.
    """
    found = []
    while True:
        found.append(measure(len(found)))
        last = found[-options.pairs:]
        if len(found) >= options.pairs and (
                is_well(last) or len(found) >= options.pairs_at_most):
            return last


def main(name, body, *, cycles, seconds=0, stores=("sqlite", "postgres"),
         clients=8, extra=None):
    """Parses the arguments, runs `body(run)`, prints the verdict, exits."""
    parser = argparse.ArgumentParser(prog=f"{name}.py", description=body.__doc__)
    parser.add_argument("--binary", default="build/release/bin/sluice")
    parser.add_argument("--store", choices=("sqlite", "postgres"),
                        default=stores[0])
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(1, 2**31))
    parser.add_argument("--cycles", type=int, default=cycles)
    parser.add_argument("--seconds", type=float, default=seconds,
                        help="an upper limit for the time under load; 0: none")
    parser.add_argument("--clients", type=int, default=clients)
    parser.add_argument("--keep", action="store_true",
                        help="keep the folder even when all is well")
    if extra:
        extra(parser)
    options = parser.parse_args()
    if options.store not in stores:
        print(f"SKIPPED: {name} needs one of the stores {', '.join(stores)}")
        sys.exit(SKIPPED)
    if not os.access(options.binary, os.X_OK):
        print(f"FAILED: no program at {options.binary}")
        sys.exit(1)
    sys.exit(_execute(Run(name, options), body))


def _on_terminate(*_):
    raise Abort("ended by SIGTERM")


def _execute(run, body):
    signal.signal(signal.SIGTERM, _on_terminate)
    run.say(f"seed {run.seed}, store {run.options.store}, {run.folder}")
    skipped = None
    try:
        with run.cleanup:
            body(run)
    except Skip as reason:
        skipped = str(reason)
    except Abort as reason:
        run.violation(str(reason))
    except KeyboardInterrupt:
        run.violation("interrupted")
    except Exception:
        run.violation(traceback.format_exc())
    if skipped:
        print(f"SKIPPED: {skipped}")
        shutil.rmtree(run.folder, ignore_errors=True)
        return SKIPPED
    return _verdict(run)


def _verdict(run):
    for key, value in run.figures.items():
        shown = f"{value:.3f}" if isinstance(value, float) else value
        print(f"  {key:<34} {shown}")
    store = run.options.store
    if not run.violations:
        print(f"PASSED: {run.name} on {store}, seed {run.seed}", flush=True)
        if not run.options.keep:
            shutil.rmtree(run.folder, ignore_errors=True)
        return 0
    (run.folder / "violations.txt").write_text("\n".join(run.violations) + "\n")
    print(f"FAILED: {run.name} on {store}, seed {run.seed}: "
          f"{len(run.violations)} violations")
    for text in run.violations[:SAMPLES_SHOWN]:
        print(f"  - {text}")
    print(f"  evidence: {run.folder}")
    print(f"  repeat:   {run.repeat_command()}", flush=True)
    return 1
