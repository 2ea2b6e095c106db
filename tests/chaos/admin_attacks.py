"""What strangers do at the admin port moves nothing else."""

import contextlib
import os
import pathlib
import re
import socket
import statistics
import threading
import time

import client
import harness
import strangers
from ctl import make_authority, start_with_console
from stores import open_store

IDLE_CONNECTIONS = 300
OPERATORS = 4
KEPT_AT_MOST = 32
LEAST_REQUESTS = 50
WAVES = 5
FLAT_KIB = 4 * 1024
# Of a processor, for peers that say nothing.
WAITING_SHARE = 0.3
CALM, DECOY, ATTACKED = "calm", "decoy", "attacked"
REFUSALS = re.compile(
    r"admin port: (\d+) connections without a good certificate refused, "
    r"(\d+) ended that said nothing, (\d+) that were too many")


def body(run):
    """Measures clients of events while others attack the admin port.

    The same attacks on a process that does nothing else tell what they cost
    the machine, which is not the service's affair.
    """
    begin = time.monotonic()
    store = open_store(run)
    store.start()
    service, on = start_with_console(run, store)
    own, admin_port = on.folder, on.port
    other = run.folder / "stranger"
    make_authority(run, other)
    tenant = service.organization("one")
    attacks = strangers.Attacks(run, admin_port, own, other)
    decoy = strangers.Attacks(run, strangers.decoy(run, own), own, other)
    before = resident_kib(service)
    judge(run, compare(run, service, tenant, {DECOY: decoy, ATTACKED: attacks}))
    with attacks.go_on():
        run.figures["slowest ctl under attack, seconds"] = operators(on)
    for kind, count in attacks.counts.items():
        run.figures[f"attacks: {kind}"] = count
        run.check(count > 0, f"no attacks: {kind}")
    silent = wait_for_nobody(run, service, admin_port, on)
    waves = idle(run, service, admin_port, on)
    run.figures["memory grown, KiB"] = resident_kib(service) - before
    waves += flatten(run, service, admin_port, on)
    kill_files(run, own, on, run.folder / "kept")
    # Those that are not closed yet may be told yet.
    gone = harness.wait_until(
        lambda: not connections(service, admin_port, is_held), 15)
    run.check(gone, "connections are left whose peers are gone")
    code, took = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    run.check(took < 5, f"stopping took {took:.1f} s")
    lines = told(run, service, time.monotonic() - begin)
    made = attacks.counts.total() + silent + waves
    run.figures["attacks to be told"] = made
    # Operators who hang are ended as silent in the end.
    run.check(made <= sum(map(sum, lines)) <= made + attacks.half_open,
              f"{made} attacks were made; told are {lines}")


def compare(run, service, tenant, attacks):
    """The milliseconds of each kind of window, for each round."""
    kinds = [CALM, DECOY, ATTACKED]

    def measure_all(number):
        # Which comes first changes, in case the machine gets slower.
        took = {}
        for kind in kinds[number % 3:] + kinds[:number % 3]:
            with (attacks[kind].go_on() if kind in attacks
                  else contextlib.nullcontext()):
                took[kind] = measure(run, service, tenant)
        run.say(f"round {number + 1}: {name(run)} in ms: " + ", ".join(
            f"{took[kind]:.2f} {kind}" for kind in kinds)
            + f": {ratio(took):.2f} times")
        return took

    return harness.measure_pairs(run.options, measure_all,
                                 lambda last: is_well(run, *growth_in(last)))


def name(run):
    return f"p{run.options.percentile} of a POST"


def ratio(took):
    return took[ATTACKED] / max(took[CALM], took[DECOY])


def medians(rounds):
    return {kind: statistics.median(took[kind] for took in rounds)
            for kind in rounds[0]}


def growth_in(rounds):
    """How many times as long attacked clients take, and how much longer."""
    median = medians(rounds)
    return (statistics.median(map(ratio, rounds)),
            median[ATTACKED] - max(median[CALM], median[DECOY]))


def is_well(run, times, more):
    """The service may take longer than beside the decoy, by a noise."""
    return times < run.options.slower or more < run.options.allowance


def judge(run, rounds):
    for kind, value in medians(rounds).items():
        run.figures[f"{name(run)}, {kind}, median ms"] = value
    times, more = growth_in(rounds)
    run.figures["attacked to the others, median"] = times
    run.check(is_well(run, times, more),
              f"attacks make the {name(run)} {times:.2f} times as long,"
              f" by {more:.2f} ms")


def flatten(run, service, admin_port, on):
    """Some wave of several takes next to no more memory. How many connected.

    Threads that serve one for the first time keep what they took; a leak would
    show in every wave.
    """
    connected = 0
    for wave in range(2, WAVES + 1):
        before = resident_kib(service)
        connected += idle(run, service, admin_port, on)
        grown = resident_kib(service) - before
        run.figures[f"memory grown by wave {wave}, KiB"] = grown
        if grown < FLAT_KIB:
            return connected
    run.violation("each wave of connections takes more memory")
    return connected


def measure(run, service, tenant):
    """The percentile of a POST's milliseconds, of one paced client."""
    link = client.Connection(service.port)
    headers = [("X-API-Key", tenant.key), ("Content-Type", "application/json")]
    took = []
    end = time.monotonic() + run.options.window
    # A disk that stood still leaves few.
    while time.monotonic() < end or len(took) < LEAST_REQUESTS:
        begin = time.monotonic()
        answer = link.exchange("POST", "/api/events",
                               b'{"type":"a","payload":{}}', headers)
        took.append((time.monotonic() - begin) * 1000)
        run.check(answer.status == 202, f"POST: {answer}")
        time.sleep(0.005)
    link.close()
    # The first made the connection.
    percentiles = statistics.quantiles(took[1:], n=100)
    return percentiles[run.options.percentile - 1]


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


def wait_for_nobody(run, service, port, on):
    """Peers that don't go on cost no processor. How many there were."""
    says = (b"", b"\x16\x03\x01\x40\x00\x01")
    with contextlib.ExitStack() as stack:
        for text in says:
            link = stack.enter_context(
                socket.create_connection(("127.0.0.1", port), timeout=5))
            link.sendall(text)
        on("status", says="node-1")
        begin, used = time.monotonic(), processor_seconds(service)
        time.sleep(1)
        share = ((processor_seconds(service) - used)
                 / (time.monotonic() - begin))
    run.figures["share of a processor, waiting"] = share
    run.check(share < WAITING_SHARE,
              f"peers that say nothing take {share:.0%} of a processor")
    return len(says)


def processor_seconds(service):
    path = pathlib.Path(f"/proc/{service.process.pid}/stat")
    words = path.read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def idle(run, service, port, on):
    """Hundreds that connect and say nothing. How many."""
    links = []
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE_CONNECTIONS):
            links.append(stack.enter_context(
                socket.create_connection(("127.0.0.1", port), timeout=5)))
        on("status", says="node-1")
        few = harness.wait_until(
            lambda: connections(service, port, is_open) <= KEPT_AT_MOST, 8)
        run.check(few, f"{connections(service, port, is_open)} are kept")
        on("status", says="node-1")
    run.check(service.is_ready(), "the service is not ready")
    return IDLE_CONNECTIONS


def connections(service, port, belongs):
    """How many of the service's at this local port belong."""
    wanted = f"0100007F:{port:04X}"
    path = pathlib.Path(f"/proc/{service.process.pid}/net/tcp")
    rows = (line.split() for line in path.read_text().splitlines()[1:])
    return sum(belongs(row) for row in rows if row[1] == wanted)


def is_open(row):
    return row[3] == "01"


def is_held(row):
    """Whether a process still has it, in whatever state but listening."""
    return row[3] != "0A" and row[9] != "0"


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


def told(run, service, seconds):
    """The refused, the silent and the surplus of each line that tells them."""
    lines = [line for line in service.log_path.read_text().splitlines()
             if "admin port" in line]
    found = [match for match in map(REFUSALS.search, lines) if match]
    run.figures["lines about the admin port"] = len(lines)
    # Certificates, the port is open; one at once, each minute, at the stop.
    most = 4 + seconds / 60
    run.check(len(lines) <= most, f"{len(lines)} lines: {lines[-3:]}")
    counts = [tuple(map(int, match.groups())) for match in found]
    run.figures["told: refused, silent, too many"] = [
        sum(column) for column in zip(*counts)]
    return counts


def options(parser):
    harness.add_pairs(parser, 5, "rounds of a calm window, one with attacks on"
                      " the decoy and one with attacks on the service")
    parser.add_argument("--window", type=float, default=4,
                        help="seconds of each measurement")
    parser.add_argument("--percentile", type=int, default=99,
                        help="of a window's requests; short windows have no"
                             " 99th to speak of")
    parser.add_argument("--slower", type=float, default=1.5,
                        help="it may grow to less than so many times what"
                             " it is without, or beside the decoy")
    parser.add_argument("--allowance", type=float, default=1.0,
                        help="or by less than so many milliseconds")


if __name__ == "__main__":
    harness.main("admin_attacks", body, cycles=1, extra=options)
