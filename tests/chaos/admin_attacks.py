"""What strangers do at the admin port moves nothing else."""

import contextlib
import os
import pathlib
import socket
import ssl
import statistics
import struct
import threading
import time

import client
import harness
from ctl import make_authority, start_with_console
from stores import open_store

IDLE_CONNECTIONS = 300
OPERATORS = 4
KEPT_AT_MOST = 32
WAVES = 5
FLAT_KIB = 4 * 1024
# A header of CAF's protocol that announces 4 GiB.
GREEDY = struct.pack(">BBBBIQQQ", 0, 0, 0, 0, 0xfffffff0, 1, 0, 0)
RAW = (b"\x00" * 64, os.urandom(4096), GREEDY, b"GET / HTTP/1.1\r\n\r\n",
       b"\x16\x03\x01\x40\x00\x01", b"\x16\x03\x01\x02\x00" + b"\x01" * 300)


def body(run):
    """Measures clients of events while others attack the admin port."""
    store = open_store(run)
    store.start()
    service, on = start_with_console(run, store)
    own, admin_port = on.folder, on.port
    stranger = run.folder / "stranger"
    make_authority(run, stranger)
    tenant = service.organization("one")
    calm = measure(run, service, tenant)
    before = resident_kib(service)
    with attacks(run, admin_port, own, stranger):
        stormy = measure(run, service, tenant)
        run.figures["slowest ctl under attack, seconds"] = operators(on)
    run.figures["p99 of a POST, calm, ms"] = calm
    run.figures["p99 of a POST, attacked, ms"] = stormy
    run.check(stormy < 3 * calm + 20, f"p99 {calm:.1f} ms, then {stormy:.1f}")
    idle(run, service, admin_port, on)
    run.figures["memory grown, KiB"] = resident_kib(service) - before
    run.check(is_flat(run, service, admin_port, on),
              "each wave of connections takes more memory")
    kill_files(run, own, on, run.folder / "kept")
    check_log(run, service)
    code, took = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    run.check(took < 5, f"stopping took {took:.1f} s")


def is_flat(run, service, admin_port, on):
    """Whether some wave of several takes next to no more memory.

    Threads that serve one for the first time keep what they took; a leak would
    show in every wave.
    """
    for wave in range(2, WAVES + 1):
        before = resident_kib(service)
        idle(run, service, admin_port, on)
        grown = resident_kib(service) - before
        run.figures[f"memory grown by wave {wave}, KiB"] = grown
        if grown < FLAT_KIB:
            return True
    return False


def measure(run, service, tenant):
    """The 99th percentile of a POST's milliseconds, of one paced client."""
    link = client.Connection(service.port)
    headers = [("X-API-Key", tenant.key), ("Content-Type", "application/json")]
    took = []
    end = time.monotonic() + run.options.window
    while time.monotonic() < end:
        begin = time.monotonic()
        answer = link.exchange("POST", "/api/events",
                               b'{"type":"a","payload":{}}', headers)
        took.append((time.monotonic() - begin) * 1000)
        run.check(answer.status == 202, f"POST: {answer}")
        time.sleep(0.005)
    link.close()
    return statistics.quantiles(took, n=100)[98]


@contextlib.contextmanager
def attacks(run, port, own, stranger):
    """All of them at once, until the block ends."""
    ending = threading.Event()
    counts = {}
    kinds = {"raw bytes": lambda: raw_bytes(run, port),
             "no certificate": lambda: handshake(port),
             "another authority's": lambda: handshake(port, stranger),
             "the service's own": lambda: handshake(port, own, "server")}

    def repeat(kind, attack):
        while not ending.is_set():
            try:
                attack()
            except OSError:
                pass
            except AssertionError as why:
                run.violation(f"{kind}: {why}")
            counts[kind] = counts.get(kind, 0) + 1
            ending.wait(0.02)

    threads = [threading.Thread(target=repeat, args=pair, daemon=True)
               for pair in kinds.items()]
    for thread in threads:
        thread.start()
    with half_open(port, own):
        yield
    ending.set()
    for thread in threads:
        thread.join(20)
    for kind, count in counts.items():
        run.figures[f"attacks: {kind}"] = count
        run.check(count > 5, f"only {count} attacks: {kind}")


def operators(on):
    """Several at once, again and again; the seconds of the slowest."""
    slowest = []

    def work():
        for _ in range(3):
            begin = time.monotonic()
            on("status", says="node-1")
            slowest.append(time.monotonic() - begin)

    threads = [threading.Thread(target=work) for _ in range(OPERATORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(slowest)


def raw_bytes(run, port):
    with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
        link.sendall(run.random.choice(RAW))
        link.settimeout(0.2)
        link.recv(1)


def handshake(port, folder=None, name="operator"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if folder:
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
        with context.wrap_socket(link) as line:
            line.settimeout(2)
            said = line.recv(1)
    if said:
        raise AssertionError("a stranger got in")


@contextlib.contextmanager
def half_open(port, own):
    """An operator's connection on which nothing is said any more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(own / "ca.crt")
    context.load_cert_chain(own / "operator.crt", own / "operator.key")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
        with context.wrap_socket(link) as line:
            line.recv(1)
            yield


def idle(run, service, port, on):
    """Hundreds that connect and say nothing."""
    links = []
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE_CONNECTIONS):
            links.append(stack.enter_context(
                socket.create_connection(("127.0.0.1", port), timeout=5)))
        on("status", says="node-1")
        few = harness.wait_until(
            lambda: count_open(service, port) <= KEPT_AT_MOST, 8)
        run.check(few, f"{count_open(service, port)} connections are kept")
        on("status", says="node-1")
    run.check(service.is_ready(), "the service is not ready")


def count_open(service, port):
    """Established connections of the service at this local port."""
    wanted = f"0100007F:{port:04X}"
    count = 0
    path = pathlib.Path(f"/proc/{service.process.pid}/net/tcp")
    for line in path.read_text().splitlines()[1:]:
        words = line.split()
        count += words[1] == wanted and words[3] == "01"
    return count


def kill_files(run, own, on, kept):
    """The certificates are gone; the port goes on."""
    own.rename(kept)
    on.folder = kept
    on("status", says="node-1")
    kept.rename(own)
    on.folder = own


def resident_kib(service):
    status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines()
                if line.startswith("VmRSS"))


def check_log(run, service):
    """Refusals are told, and seldom."""
    lines = [line for line in service.log_path.read_text().splitlines()
             if "admin" in line]
    run.figures["lines about the admin port"] = len(lines)
    run.check(len(lines) <= 6, f"{len(lines)} lines: {lines[-3:]}")
    run.check(any("good certificate refused" in line for line in lines),
              f"refusals are not told: {lines}")


def options(parser):
    parser.add_argument("--window", type=float, default=4,
                        help="seconds of each measurement")


if __name__ == "__main__":
    harness.main("admin_attacks", body, cycles=1, extra=options)
