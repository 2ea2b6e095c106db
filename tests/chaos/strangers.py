"""Strangers at a port with mutual TLS, in a process of their own.

Who measures shares neither the interpreter nor the priority with them: they
stand for other machines, whose processors nobody here would notice.
"""

import collections
import contextlib
import multiprocessing
import os
import random
import socket
import ssl
import struct
import threading

import harness

# A header of CAF's protocol that announces 4 GiB.
GREEDY = struct.pack(">BBBBIQQQ", 0, 0, 0, 0, 0xfffffff0, 1, 0, 0)
RAW = (b"\x00" * 64, os.urandom(4096), GREEDY, b"GET / HTTP/1.1\r\n\r\n",
       b"\x16\x03\x01\x40\x00\x01", b"\x16\x03\x01\x02\x00" + b"\x01" * 300)
PAUSE = 0.02
IDLE_CONNECTIONS = 200
# As the service's own admin port has it.
DECOY_NICENESS = 5

_processes = multiprocessing.get_context("fork")


class Attacks:
    """What was done to one port, by how many connections of each kind."""

    def __init__(self, run, port, own, stranger):
        self.counts = collections.Counter()
        # Operators who say nothing any more, each until the attacks ended.
        self.half_open = 0
        self._run = run
        self._where = (port, own, stranger)

    @contextlib.contextmanager
    def go_on(self):
        """All kinds at once, until the block ends."""
        here, there = _processes.Pipe()
        process = _processes.Process(
            target=_attack, daemon=True,
            args=(there, self._run.random.random(), *self._where))
        process.start()
        there.close()
        try:
            _expect(here, "no attack begins")
            yield
            here.send("end")
            counts, violations = _expect(here, "the attacks don't end")
            self.counts.update(counts)
            self.half_open += 1
            for text in violations:
                self._run.violation(text)
        finally:
            process.join(1)
            process.kill()
            process.join()


def _expect(line, otherwise):
    try:
        if line.poll(30):
            return line.recv()
    except (EOFError, OSError):
        pass
    raise harness.Abort(otherwise)


def decoy(run, own):
    """The port of a process that shakes hands as the service does, and is
    nothing else: what it costs others is the machine's affair."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    process = _processes.Process(target=_serve_decoy, daemon=True,
                                 args=(listening, own))
    process.start()
    run.cleanup.callback(process.kill)
    port = listening.getsockname()[1]
    listening.close()
    return port


def _serve_decoy(listening, own):
    harness.child_dies_with_us()
    os.nice(DECOY_NICENESS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(own / "ca.crt")
    context.load_cert_chain(own / "server.crt", own / "server.key")

    def answer(link):
        link.settimeout(10)
        with contextlib.suppress(OSError), link, \
                context.wrap_socket(link, server_side=True) as line:
            line.sendall(b"\0")
            line.recv(1)

    while True:
        link, _ = listening.accept()
        threading.Thread(target=answer, args=(link,), daemon=True).start()


def _attack(there, seed, port, own, stranger):
    harness.child_dies_with_us()
    os.nice(19)
    # The niced too may keep a processor for a while once they have it.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    dice = random.Random(seed)
    counts = collections.Counter()
    violations = []
    ending = threading.Event()
    # The oldest is closed when one more comes.
    idle = collections.deque(maxlen=IDLE_CONNECTIONS)
    bare = _context()
    foreign = _context(stranger, "operator")
    wrong_role = _context(own, "server")
    kinds = {"nothing said": lambda link: idle.append(link.dup()),
             "raw bytes": lambda link: _raw_bytes(link, dice),
             "no certificate": lambda link: _handshake(link, bare),
             "another authority's": lambda link: _handshake(link, foreign),
             "the service's own": lambda link: _handshake(link, wrong_role)}

    def connect(kind):
        with contextlib.suppress(OSError), \
                socket.create_connection(("127.0.0.1", port), 2) as link:
            counts[kind] += 1
            if kinds[kind](link):
                violations.append(f"{kind}: a stranger got in")

    def repeat(kind):
        while not ending.wait(PAUSE):
            connect(kind)

    threads = [threading.Thread(target=repeat, args=(kind,), daemon=True)
               for kind in kinds]
    with _half_open(port, own):
        for _ in range(IDLE_CONNECTIONS):
            connect("nothing said")
        for thread in threads:
            thread.start()
        there.send("begun")
        there.recv()
        ending.set()
        for thread in threads:
            thread.join(20)
    there.send((counts, violations))


def _context(folder=None, name=""):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if folder:
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


def _raw_bytes(link, dice):
    link.sendall(dice.choice(RAW))
    link.settimeout(0.2)
    link.recv(1)  # an alert; nobody got in


def _handshake(link, context):
    """Whether it got in."""
    with context.wrap_socket(link) as line:
        return line.recv(1) != b""


@contextlib.contextmanager
def _half_open(port, own):
    """An operator's connection on which nothing is said any more."""
    context = _context(own, "operator")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
        with context.wrap_socket(link) as line:
            line.recv(1)
            yield
