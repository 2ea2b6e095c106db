"""`sluice ctl` as the scripts run it: one process an order, off a terminal."""

import json
import os
import pathlib
import subprocess

import harness
from service import Service

DONE, REFUSED, USAGE, NO_CONNECTION, UNAUTHORISED, TIMED_OUT = range(6)


def run_program(run, *words, seconds=60, binary=None):
    """The finished process of `sluice WORDS`; the environment sets nothing."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("SLUICE_")}
    try:
        return subprocess.run(
            [binary or run.binary, *words], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=seconds, cwd=run.folder,
            env=environment, check=False)
    except subprocess.TimeoutExpired:
        raise harness.Abort(
            f"sluice {' '.join(words)} hung for {seconds} s") from None


def stripped_program(run):
    """The same version, built in another way: without its symbols."""
    out = run.folder / "sluice-stripped"
    subprocess.run(["strip", "-o", str(out), run.binary], check=True)
    return str(out)


def other_version(run, version):
    """The same program, but that it takes itself for another version."""
    shown = subprocess.run([run.binary, "--version"], capture_output=True,
                           check=True).stdout.split()[-1]
    text = pathlib.Path(run.binary).read_bytes()
    kept, new = shown + b"\0", version.encode() + b"\0"
    if len(kept) != len(new) or text.count(kept) != 1:
        raise harness.Abort(f"no single {shown} of that length to replace")
    out = run.folder / "sluice-other"
    out.write_bytes(text.replace(kept, new))
    out.chmod(0o755)
    return str(out)


def start_with_console(run, store, settings=None):
    """A service on the store, and the orders to it, once they get through."""
    port = run.port()
    folder = run.folder / "certificates"
    service = Service(run, store.url, settings={
        "admin.listen": f"127.0.0.1:{port}", "admin.folder": str(folder),
        **(settings or {})})
    service.start()
    on = Ctl(run, port, folder)
    if not harness.wait_until(lambda: on.raw("status").returncode == DONE, 15):
        raise harness.Abort(f"no admin port: {service.last_words()}")
    return service, on


def make_authority(run, folder):
    """Certificates of another service, which lives for a moment."""
    other = Service(run, f"sqlite:{run.folder}/other/other.db", "other", {
        "admin.listen": f"127.0.0.1:{run.port()}",
        "admin.folder": str(folder)})
    other.start()
    if not harness.wait_until((folder / "operator.key").exists, 10):
        raise harness.Abort("no certificates were made")
    other.terminate()


class Ctl:
    """Orders to one service's admin port."""

    def __init__(self, run, port, folder):
        self.run = run
        self.port = port
        self.folder = folder

    def raw(self, *words, connect=None, folder=None, seconds=60, binary=None):
        """The finished process of `sluice ctl WORDS`."""
        return run_program(
            self.run, "ctl", "--connect",
            connect or f"127.0.0.1:{self.port}", "--folder",
            str(folder or self.folder), *words, seconds=seconds,
            binary=binary)

    def __call__(self, *words, code=DONE, says="", **where):
        """What it wrote, checked: its exit code, and a text in its output."""
        done = self.raw(*words, **where)
        output = done.stdout.decode() + done.stderr.decode()
        name = "ctl " + " ".join(words)
        self.run.check(done.returncode == code,
                       f"{name}: exit code {done.returncode}, not {code}: "
                       f"{output.strip()[:300]}")
        self.run.check(says in output,
                       f"{name}: {says!r} is not in {output.strip()[:300]!r}")
        self.run.check("\x1b" not in output, f"{name}: escapes {output!r}")
        stray = done.stderr if code == DONE else done.stdout
        tells_progress = {"drain", "verify", "apply", "drill"} & set(words)
        self.run.check(not stray or tells_progress,
                       f"{name}: on the wrong stream: {stray[:300]!r}")
        return output

    def json(self, *words, code=DONE, **where):
        """The one JSON document that it wrote, whatever came of it."""
        done = self.raw("--json", *words, **where)
        name = "ctl --json " + " ".join(words)
        self.run.check(done.returncode == code,
                       f"{name}: exit code {done.returncode}, not {code}: "
                       f"{done.stdout[:300]!r} {done.stderr[:300]!r}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            self.run.violation(f"{name}: no JSON: {done.stdout[:300]!r}")
            return {}
