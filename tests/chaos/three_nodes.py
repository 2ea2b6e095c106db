"""Three nodes on one PostgreSQL, one killed every few seconds."""

import signal
import time

from harness import main, wait_until
from invariants import check_invariants
from service import Service
from stores import open_store
from writers import Load, Mix

RESCUE_LIMIT = 15.0
# How long a moment is looked for at which the victim holds claims.
CATCH_SECONDS = 3.0


def body(run):
    """Kills nodes in turn under load; others rescue what they held."""
    store = open_store(run)
    store.start()
    nodes = [Service(run, store.url, f"node-{n}", {
        "processor.batch_size": "50"}) for n in (1, 2, 3)]
    for node in nodes:
        node.start()
    tenants = [nodes[0].organization(name) for name in ("one", "two")]
    rescues, returns = [], []
    with Load(run, [node.port for node in nodes], tenants,
              Mix(pause=0.001)) as load:
        begin = time.monotonic()
        for cycle in run.cycles():
            due = begin + (cycle + 1) * run.options.interval
            time.sleep(max(0.0, due - time.monotonic()))
            victim = nodes[cycle % 3]
            held = kill_with_claims(run, store, victim)
            # Every third stays dead, so that others must rescue; the rest
            # come back under the same name and take their own claims back.
            if cycle % 3 == 2 or run.options.cycles == 1:
                rescues.append(time_to_rescue(run, store, held, RESCUE_LIMIT))
                victim.start()
            else:
                victim.start()
                returns.append(time_to_rescue(run, store, held, RESCUE_LIMIT))
            for node in nodes:
                node.assert_alive()
            run.say(f"cycle {cycle + 1}, {load.acknowledged()} acknowledged, "
                    f"{len(held)} items were held")
    for name, times in (("rescued by others", rescues),
                        ("taken back by itself", returns)):
        run.figures[f"{name}, times"] = len(times)
        run.figures[f"{name}, worst s"] = max(times, default=0.0)
    drain(run, store)
    for node in nodes:
        code, _ = node.terminate()
        run.check(code == 0, f"exit code {code} of {node.name}")
    check_invariants(run, store, load.book)


def claims(store, name):
    """Ids that a node of this name holds, with the fence that holds them."""
    return {(row[0], row[1]) for row in store.rows(
        "select q.id, q.claim_id from event_queue q join nodes n on"
        " n.id::text = q.claimed_by::text where q.status = 'processing'"
        f" and n.name = '{name}'")}


def kill_with_claims(run, store, victim):
    """Kills a node at a moment when it holds claims; returns these."""
    deadline = time.monotonic() + CATCH_SECONDS
    while time.monotonic() < deadline:
        victim.assert_alive()
        victim.signal(signal.SIGSTOP)
        # The server may still be busy with what the node had sent.
        time.sleep(0.01)
        held = claims(store, victim.name)
        if held:
            break
        victim.signal(signal.SIGCONT)
        time.sleep(run.random.uniform(0.001, 0.03))
    else:
        run.say(f"{victim.name} never held a claim when looked at")
    victim.kill()
    return held


def time_to_rescue(run, store, held, limit):
    """Seconds until none of these claims is held any more."""
    begin = time.monotonic()

    def all_gone():
        left = {(row[0], row[1]) for row in store.rows(
            "select id, claim_id from event_queue where"
            " status = 'processing'")}
        return not (left & held)

    gone = wait_until(all_gone, limit + 15, 0.1)
    took = time.monotonic() - begin
    run.check(gone and took <= limit,
              f"a dead node's claims were held {took:.1f} s")
    return took


def drain(run, store):
    waiting = "select count(*) from event_queue where status <> 'quarantined'"
    if not wait_until(lambda: store.rows(waiting) == [["0"]], 60, 0.2):
        run.violation(f"{store.rows(waiting)} items wait after 60 s")


def options(parser):
    parser.add_argument("--interval", type=float, default=5.0,
                        help="seconds between two kills")


if __name__ == "__main__":
    main("three_nodes", body, cycles=24, seconds=120, stores=("postgres",),
         clients=9, extra=options)
