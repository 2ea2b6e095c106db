"""A program on a terminal of its own: what it shows, and what is typed."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import harness

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """One program on a pseudo terminal, until it ends."""

    def __init__(self, run, words, environment=None, rows=30, columns=100):
        self.run = run
        self.name = " ".join(words[1:])
        self.shown = ""
        self._code = None
        settings = {name: value for name, value in os.environ.items()
                    if not name.startswith(("SLUICE_", "NO_COLOR"))}
        settings.update({"TERM": "xterm", "LC_ALL": "C.UTF-8"})
        settings.update(environment or {})
        self.process, self._file = pty.fork()
        if self.process == 0:
            os.chdir(run.folder)
            os.execve(words[0], words, settings)
        run.cleanup.callback(self._end)
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self._file)

    def resize(self, rows, columns):
        fcntl.ioctl(self._file, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self._file, text.encode())

    def signal(self, number):
        os.kill(self.process, number)

    def _read(self, seconds):
        ready, _, _ = select.select([self._file], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self._file, 65536)
        except OSError:  # the program has closed it
            return False
        self.shown += got.decode("utf-8", "replace")
        return bool(got)

    def await_text(self, text, seconds=15, begin=0):
        """Waits until it was shown, without colours; where it ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            at = self.plain().find(text, begin)
            if at >= 0:
                return at + len(text)
            self._read(0.2)
        self.run.violation(f"{self.name}: {text!r} was not shown within "
                           f"{seconds} s, but {self.plain()[-600:]!r}")
        return begin

    def plain(self):
        return ESCAPES.sub("", self.shown)

    def expect_end(self, code, seconds=15):
        """Waits for the program's end; it has to leave all as it was."""
        deadline = time.monotonic() + seconds
        while self._code is None and time.monotonic() < deadline:
            self._read(0.1)
            self._look_for_end()
        while self._read(0.1):
            pass
        if self._code is None:
            self.run.violation(f"{self.name}: still runs after {seconds} s")
            return
        self.run.check(self._code == code,
                       f"{self.name}: exit code {self._code}, not {code}: "
                       f"{self.plain()[-300:]!r}")
        after = termios.tcgetattr(self._file)
        self.run.check(after == self.before,
                       f"{self.name}: the terminal is left as {after}, and was "
                       f"{self.before}")
        enters = self.shown.count("\x1b[?1049h")
        self.run.check(self.shown.count("\x1b[?1049l") >= enters,
                       f"{self.name}: the other screen was not left")

    def _look_for_end(self):
        done, status = os.waitpid(self.process, os.WNOHANG)
        if done:
            self._code = os.waitstatus_to_exitcode(status)

    def _end(self):
        if self._code is None:
            self._look_for_end()
        if self._code is None:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self._file)


def open_ctl(on, *words, **how):
    """`sluice ctl WORDS` of a `Ctl`, on a terminal."""
    return Terminal(on.run, [on.run.binary, "ctl", "--connect",
                             f"127.0.0.1:{on.port}", "--folder",
                             str(on.folder), *words], **how)


def wait_for_service(on):
    """After a restart: until orders get through."""
    if not harness.wait_until(
            lambda: on.raw("status").returncode in (0, 1), 20):
        raise harness.Abort("no admin port after a restart")
