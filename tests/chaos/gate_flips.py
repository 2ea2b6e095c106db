"""All dials turned at random under load, and kill -9 in between."""

import time

import client
import gate
from harness import main, wait_until
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load


class Dials:
    """What the dials were last told, and whether they may show it."""

    def __init__(self, run):
        self.run = run
        self.turns = 0
        self.refused = 0
        # dial -> values that it may show; several when an answer was lost.
        self.told = {"ingest": {"async"}, "processing": {"running"},
                     "delivery": {"running"}}
        self.version = 0

    def turn(self, port):
        path, body, (dial, value) = gate.random_turn(self.run.random)
        body["wait_ms"] = 0
        try:
            answer = gate.order(port, path, body, timeout=5.0)
        except client.FAULTS:
            self.told[dial] |= followers(value)
            return
        if answer.status == 503:
            self.refused += 1
            self.told[dial] |= followers(value)
            return
        if not self.run.check(answer.status == 200, f"{path} {body}: {answer}"):
            return
        self.turns += 1
        shown = answer.json()
        self.run.check(shown[dial] == value,
                       f"{path} {body} shows {shown[dial]}")
        self.run.check(shown["version"] > self.version,
                       f"version {shown['version']} after {self.version}")
        self.version = shown["version"]
        self.told[dial] = followers(value)

    def check_kept(self, port):
        """After a restart the dials stand where they were put."""
        shown = wait_until(lambda: gate.state(port), 10, 0.05)
        if not self.run.check(shown, "the gate can't be read after a start"):
            return
        for dial in gate.DIALS:
            self.run.check(shown[dial] in self.told[dial],
                           f"{dial} shows {shown[dial]} after a restart, was"
                           f" told {sorted(self.told[dial])}")
        self.run.check(shown["version"] >= self.version,
                       f"version {shown['version']} after {self.version}")


def followers(value):
    """What a dial may turn to by itself."""
    if value == "draining":
        return {"draining", "drained", "running"}
    return {value}


def body(run):
    """Turns dials at random while clients write and nodes are killed."""
    store = open_store(run)
    store.start()
    count = run.options.nodes if run.options.store == "postgres" else 1
    nodes = [Service(run, store.url, f"node-{n + 1}") for n in range(count)]
    for node in nodes:
        node.start()
    ports = [node.port for node in nodes]
    tenants = [nodes[0].organization(name) for name in ("one", "two")]
    dials = Dials(run)
    with Load(run, ports, tenants) as load:
        for cycle in run.cycles():
            turn_for(run, dials, ports, run.options.interval)
            victim = nodes[cycle % count]
            victim.kill()
            victim.start(ready_within=0)
            dials.check_kept(victim.port)
        gate.open_wide(run, ports)
    run.figures["turns"] = dials.turns
    run.figures["turns refused"] = dials.refused
    finish(run, store, nodes, load)


def turn_for(run, dials, ports, seconds):
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        dials.turn(run.random.choice(ports))
        time.sleep(0.1)


def finish(run, store, nodes, load):
    nodes[0].wait_drained()
    answer = gate.order(nodes[0].port, "ledger/verify")
    run.check(answer.status == 200 and answer.json()["is_balanced"],
              f"the ledger: {answer}")
    for node in nodes:
        code, _ = node.terminate()
        run.check(code == 0, f"exit code {code} of {node.name}")
    check_invariants(run, store, load.book)


def options(parser):
    parser.add_argument("--interval", type=float, default=5.0,
                        help="seconds between two kills")
    parser.add_argument("--nodes", type=int, default=1,
                        help="nodes on one PostgreSQL")


if __name__ == "__main__":
    main("gate_flips", body, cycles=36, extra=options)
