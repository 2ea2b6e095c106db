"""What `sluice` shows on a terminal and off it: colours, questions, the live
view and the console."""

import json
import signal
import subprocess

import client
import harness
from ctl import (DONE, NO_CONNECTION, REFUSED, USAGE, run_program,
                 start_with_console)
from stores import open_store
from terminal import open_ctl, wait_for_service

PROMPT = "sluice async/running 0 waiting> "
RESIZES, GIVEN_UP = 100, 50
CTRL_C, CTRL_D, UP, TAB = "\x03", "\x04", "\x1b[A", "\t"


def body(run):
    """Looks at each on a pseudo terminal, and once more through pipes."""
    store = open_store(run)
    store.start()
    service, on = start_with_console(run, store)
    tenant = service.organization("one")
    colours(run, on)
    questions(run, service, tenant, on)
    top_off_terminal(run, on)
    top_on_terminal(run, service, on)
    script(run, on)
    console(run, on)
    history(run, on)
    lost_console(run, service, on)
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")


def colours(run, on):
    """On a terminal only, and not against the user's will."""
    shown = open_ctl(on, "status")
    shown.expect_end(DONE)
    run.check("\x1b[32mok\x1b[0m" in shown.shown, f"no colour: {shown.shown!r}")
    plain = open_ctl(on, "status", environment={"NO_COLOR": "1"})
    plain.expect_end(DONE)
    run.check("\x1b" not in plain.shown, f"colours: {plain.shown!r}")
    for words in (["status"], ["--json", "status"], ["nodes"], ["actors"],
                  ["settings"], ["audit"]):
        on(*words)
    done = run_program(run, "ctl", "--help")
    run.check(b"\x1b" not in done.stdout and done.returncode == DONE,
              f"help: {done}")


def questions(run, service, tenant, on):
    """What can't be undone is asked for, where somebody can answer."""
    on("pause")
    answer = client.call(service.port, "POST", "/api/events",
                         {"type": "a", "payload": {}}, key=tenant.key)
    item = answer.json()["id"]
    words = ("queue", "discard", item, "--reason", "a test")
    for said, code, text in (("n\n", REFUSED, "nothing was done"),
                             ("\n", REFUSED, "nothing was done"),
                             (CTRL_D, REFUSED, "nothing was done"),
                             ("y\n", DONE, "1 discarded")):
        asked = open_ctl(on, *words)
        asked.await_text("Discard 1 event? That can't be undone. [y/N] ")
        asked.type(said)
        asked.await_text(text)
        asked.expect_end(code)
    on(*words, code=REFUSED, says="--yes")
    asked = open_ctl(on, "ledger", "repair", "--reason", "a test")
    asked.await_text("[y/N] ")
    asked.type(CTRL_C)
    asked.expect_end(-signal.SIGINT)
    on("resume")


def top_off_terminal(run, on):
    text = on("top", says="intake async   processing running")
    run.check("\x1b" not in text, "escapes off a terminal")
    twice = on("top", "--count", "2", "--interval", "200ms", says="/s")
    run.check(twice.count("sluice top") == 2, f"not two frames: {twice}")
    seen = on.json("top")
    run.check(seen["health"]["status"] in ("ok", "warning"), f"top: {seen}")
    run.check(seen["counts"]["workers"]["all"] == 4, f"workers: {seen}")
    done = on.raw("--json", "top", "--count", "2", "--interval", "200ms")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    run.check(len(lines) == 2 and lines[1]["rates"] is not None,
              f"two documents: {done}")
    on("top", "--count", "0", code=USAGE)
    on("top", "--interval", "1ms", code=USAGE)
    on("top", connect="127.0.0.1:1", code=NO_CONNECTION)


def top_on_terminal(run, service, on):
    for leave in ("q", CTRL_C):
        shown = open_ctl(on, "top")
        shown.await_text("sluice top")
        shown.type(leave)
        shown.expect_end(DONE)
    for number, code in ((signal.SIGTERM, 128 + signal.SIGTERM),
                         (signal.SIGINT, DONE)):
        shown = open_ctl(on, "top")
        shown.await_text("sluice top")
        shown.signal(number)
        shown.expect_end(code)
    shown = open_ctl(on, "top", "--count", "2", "--interval", "200ms")
    shown.await_text("stored 0.0/s")
    shown.expect_end(DONE)
    resized(run, on)
    shown = open_ctl(on, "top", "--interval", "200ms")
    shown.await_text("sluice top")
    service.terminate()
    begin = shown.await_text("no connection, trying again: ")
    service.start()
    shown.await_text("up   ledger", seconds=30, begin=begin + 2000)
    shown.type("q")
    shown.expect_end(DONE, seconds=30)
    wait_for_service(on)


def resized(run, on):
    """The next frame is cut to the size that the window has then."""
    shown = open_ctl(on, "top", "--interval", "10m")
    shown.await_text("all parts run")
    # At once, when the wait for keys may not have begun again.
    for turn in range(RESIZES):
        shown.shown = ""
        shown.resize(5, 20 + turn % 2)
        shown.await_text("sluice top", seconds=5)
    harness.wait_until(lambda: not shown._read(0.2), 3)
    shown.shown = ""
    shown.resize(5, 20)
    shown.await_text("sluice top")
    harness.wait_until(lambda: not shown._read(0.2), 3)
    lines = shown.plain().split("\r\n")
    run.check(len(lines) <= 5 and max(len(one.strip("\r"))
                                      for one in lines) <= 20,
              f"a frame of 5 by 20: {lines}")
    shown.type("q")
    shown.expect_end(DONE)


def pipe(run, on, text):
    """The finished `sluice ctl console` that read this."""
    return subprocess.run(
        [run.binary, "ctl", "--connect", f"127.0.0.1:{on.port}", "--folder",
         str(on.folder), "console"], input=text.encode(), capture_output=True,
        timeout=60, cwd=run.folder, check=False)


def script(run, on):
    """Off a terminal: the code of the last line that failed."""
    for text, code in (("status\nnodes\n", DONE),
                       ("# nothing\n\n", DONE),
                       ("status\nmode fast\nstatus\n", USAGE),
                       ("mode fast\nrestart nobody\nstatus\n", REFUSED),
                       ("mode 'sync\n", USAGE),
                       ("queue discard x --reason y\n", REFUSED),
                       ("exit\nmode fast\n", DONE),
                       ("help\nhelp mode\n", DONE),
                       ("console\n", USAGE)):
        done = pipe(run, on, text)
        run.check(done.returncode == code,
                  f"console < {text!r}: {done.returncode}, not {code}: "
                  f"{done.stderr[:300]!r}")
        run.check(b"\x1b" not in done.stdout + done.stderr,
                  f"console < {text!r}: escapes")
        run.check(b"waiting>" not in done.stdout, "a prompt off a terminal")
    done = pipe(run, on, "sluice ctl mode sync --reason 'two words'\n"
                         "--json status\nmode async\n")
    run.check(b"two words" in done.stdout, f"console: {done.stdout!r}")
    shown = [line for line in done.stdout.splitlines()
             if line.startswith(b"{")]
    run.check(len(shown) == 1 and
              json.loads(shown[0])["gate"]["ingest"] == "sync",
              f"console: {done.stdout!r}")


def console(run, on):
    at = open_ctl(on, "console", environment={
        "XDG_STATE_HOME": str(run.folder / "state")})
    here = at.await_text(PROMPT)
    at.type("sta" + TAB + "\n")
    here = at.await_text("last minute", begin=here)
    here = at.await_text(PROMPT, begin=here)
    at.type("mode " + TAB)
    here = at.await_text("async  reject  sync", begin=here)
    at.type("nonsense" + CTRL_C)
    here = at.await_text(PROMPT, begin=here)
    here = at.await_text(PROMPT, begin=here)
    at.type("restart jan" + TAB)
    here = at.await_text("itor", begin=here)
    at.type(CTRL_C)
    here = at.await_text(PROMPT, begin=here)
    at.type("mode fast\n")
    here = at.await_text("not in {async,sync,reject}", begin=here)
    here = at.await_text(PROMPT, begin=here)
    at.type("set auth.admin_token hush\n")
    here = at.await_text(PROMPT, begin=here)
    at.type("pause --reason 'a test'\n")
    here = at.await_text("sluice async/paused 0 waiting> ", begin=here)
    at.type("drain --timeout 30s\n")
    here = at.await_text("drained", begin=here)
    at.type("resume\n")
    here = at.await_text(PROMPT, begin=here)
    at.type("ledger repair --reason x\n")
    here = at.await_text("[y/N] ", begin=here)
    at.type("n\n")
    here = at.await_text("nothing was done", begin=here)
    here = at.await_text(PROMPT, begin=here)
    at.type("top\n")
    here = at.await_text("sluice top", begin=here)
    at.type("q")
    here = at.await_text(PROMPT, begin=here)
    at.type("help mode\n")
    here = at.await_text("--retry-after", begin=here)
    here = at.await_text(PROMPT, begin=here)
    # As soon as the prompt is seen, the keys are taken as keys.
    for _ in range(GIVEN_UP):
        at.type("sta" + CTRL_C)
        here = at.await_text(PROMPT, begin=here, seconds=5)
    at.type(CTRL_D)
    at.expect_end(DONE)
    ended = open_ctl(on, "console")
    ended.await_text(PROMPT)
    ended.signal(signal.SIGTERM)
    ended.expect_end(128 + signal.SIGTERM)


def history(run, on):
    """It is kept, for its owner, without secrets."""
    path = run.folder / "state" / "sluice" / "console_history"
    run.check(path.stat().st_mode & 0o777 == 0o600, f"mode of {path}")
    run.check(path.parent.stat().st_mode & 0o077 == 0, f"{path.parent} is open")
    text = path.read_text()
    run.check("mode fast" in text and "hush" not in text, f"history: {text}")
    at = open_ctl(on, "console", environment={
        "XDG_STATE_HOME": str(run.folder / "state")})
    here = at.await_text(PROMPT)
    at.type(UP + "\n")
    at.await_text("--retry-after", begin=here)
    at.type("exit\n")
    at.expect_end(DONE)


def lost_console(run, service, on):
    at = open_ctl(on, "console")
    here = at.await_text(PROMPT)
    service.terminate()
    at.type("status\n")
    here = at.await_text("the service is gone", begin=here)
    here = at.await_text("sluice (no connection)> ", begin=here)
    at.type("status\n")
    here = at.await_text("refused", begin=here)
    here = at.await_text("sluice (no connection)> ", begin=here)
    service.start()
    wait_for_service(on)
    at.type("status\n")
    here = at.await_text("last minute", begin=here)
    at.await_text(PROMPT, begin=here)
    at.type("exit\n")
    at.expect_end(DONE)


if __name__ == "__main__":
    harness.main("screens", body, cycles=1)
