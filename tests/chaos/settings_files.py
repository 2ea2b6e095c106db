"""Files of settings that no service may take, and what is said of each."""

import os
import pathlib
import random
import socket

LARGE = 100 * 1024 * 1024


class Bad:
    """One way to spoil the file; `says` stands in what is told about it."""

    def __init__(self, name, says, content=None, make=None):
        self.name = name
        self.says = says
        self._content = content
        self._make = make

    def put(self, path):
        """Takes the file's place in one step."""
        beside = path.with_name("next")
        remove(beside)
        if self._make:
            self._make(beside)
        else:
            beside.write_bytes(self._content if isinstance(
                self._content, bytes) else self._content.encode())
        remove(path)
        os.rename(beside, path)


def remove(path):
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def put_good(path, content):
    Bad("good", "", content).put(path)


def in_section(section, line):
    return f"# The fault is in line 3.\n[{section}]\n{line}\n"


def value(line, says, section="processor"):
    return Bad(f"{section}: {line[:40]}", says, in_section(section, line))


def sparse(path):
    with open(path, "wb") as file:
        file.truncate(LARGE)


def long_text(path):
    path.write_bytes(b"# much text\n" * (LARGE // 12))


def unreadable(path):
    path.write_text("")
    path.chmod(0)


def bound_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        # A relative name: the whole path may be too long for a socket.
        here = os.open(".", os.O_RDONLY)
        try:
            os.chdir(path.parent)
            listener.bind(path.name)
        finally:
            os.fchdir(here)
            os.close(here)


def places():
    """What is no file that can be read."""
    yield Bad("a directory", "is a directory", make=pathlib.Path.mkdir)
    yield Bad("a pipe", "is not a regular file", make=os.mkfifo)
    yield Bad("a socket", "can't be read", make=bound_socket)
    yield Bad("a device", "is not a regular file",
              make=lambda path: path.symlink_to("/dev/zero"))
    yield Bad("a link to nowhere", "No such file",
              make=lambda path: path.symlink_to("nowhere"))
    yield Bad("a link to itself", "can't be read",
              make=lambda path: path.symlink_to("settings.toml"))
    yield Bad("100 MB of zeros", "is larger than 1 MiB", make=sparse)
    yield Bad("100 MB of comments", "is larger than 1 MiB", make=long_text)
    if os.geteuid() != 0:
        yield Bad("unreadable", "Permission denied", make=unreadable)
    else:
        yield Bad("a device that is full of noise", "is not a regular file",
                  make=lambda path: path.symlink_to("/dev/urandom"))


def texts():
    """What is no TOML."""
    whole = b'[processor]\nbatch_size = 7\n[log]\nlevel = "info"\n'
    yield Bad("not UTF-8", ":2: is not UTF-8", b"# fine\nlog = \"\xff\"\n")
    yield Bad("UTF-16", "is not UTF-8", whole.decode().encode("utf-16"))
    yield Bad("cut in a value", ":4", whole[:-3])
    yield Bad("cut in a key", ":2", b"[processor]\nbatch_si")
    yield Bad("cut in a section", ":3", whole[:30])
    yield Bad("a NUL", "not TOML", b"[processor]\nbatch_size = 7\0\n")
    yield Bad("noise", "is not UTF-8", random.Random(7).randbytes(4096))
    yield Bad("JSON", "not TOML", '{"processor": {"batch_size": 7}}')
    yield Bad("YAML", "not TOML", "processor:\n  batch_size: 7\n")
    yield Bad("twice the same", ":3", "[processor]\nbatch_size = 1\n"
              "batch_size = 2\n")
    yield Bad("twice the section", ":2", "[processor]\n[processor]\n")
    yield Bad("many dots", "too many dotted keys", "a." * 20000 + "a = 1\n")
    yield Bad("deep lists", "not TOML", "a = " + "[" * 20000)
    yield Bad("a huge number", "64 bits", "[processor]\nbatch_size = "
              + "9" * 40 + "\n")


def names():
    """Settings that there are not."""
    yield value("batch_sise = 7", "did you mean processor.batch_size")
    yield value("batch_size = 7", "unknown section", "procesor")
    yield Bad("outside", "unknown setting", "batch_size = 7\n")
    yield Bad("no section", "has to be a section", "processor = 7\n")
    yield Bad("a list of sections", "processor", "[[processor]]\n")
    yield value("x = 1", "unknown", "processor.more")


def values():
    """Values that no setting takes."""
    yield value("batch_size = 0", ":3: processor.batch_size")
    yield value("batch_size = 10001", "has to be from 1 to 10000")
    yield value("batch_size = -1", "has to be from 1 to 10000")
    yield value('batch_size = "7"', "not text in quotes")
    yield value("batch_size = 7.5", "a number with a fraction")
    yield value("batch_size = true", "true or false")
    yield value("batch_size = []", "a list")
    yield value("batch_size = 2026-01-01", "a date")
    yield value("min_poll_interval = 100", "needs its unit")
    yield value('min_poll_interval = ""', "is empty")
    yield value('min_poll_interval = "-1s"', "is negative")
    yield value('min_poll_interval = "1 s"', "is not a duration")
    yield value('min_poll_interval = "99999999999999999999d"', "too large")
    yield value('level = "loud"', "debug, info, warning or error", "log")
    yield value('listen = "4000"', "needs a host and a port", "http")
    yield value('url = "mysql://x"', "sqlite: or postgresql", "store")
    yield value('admin_token = "short"', "too easy to guess", "auth")
    yield value('name = "a b"', "may hold only letters", "node")


def contradictions():
    """Values that don't fit together, or not to what only a start changes."""
    yield value('min_poll_interval = "3s"', "at most processor.max_poll")
    yield value("warning_depth = 2000", "at most health.critical_depth",
                "health")
    yield value('dead_after = "4s"', "more than twice", "node")
    yield value('stuck_item_timeout = "3s"', "more than 1s above")


def all_bad():
    return [*places(), *texts(), *names(), *values(), *contradictions()]
