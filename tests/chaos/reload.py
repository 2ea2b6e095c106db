"""Settings that change while the service runs: bad files, signals, overrides."""

import os
import signal
import threading
import time

import client
from harness import main, wait_until
from invariants import check_invariants
from service import ADMIN_TOKEN, Service
from settings_files import all_bad, put_good
from stores import open_store
from writers import Load, Mix

HEADERS = [("Authorization", f"Bearer {ADMIN_TOKEN}")]
# Looks at the file that a storm of signals may cost, besides one a moment.
MOST_LOADS_PER_SECOND = 5
# How soon another node acts by an override.
ADOPTED_WITHIN = 2.0
GOOD = "[processor]\nbatch_size = {0}\nmax_attempts = {0}\n"


def body(run):
    """Spoils the file, sends signals and overrides settings under load."""
    store = open_store(run)
    store.start()
    file = run.folder / "settings.toml"
    put_good(file, GOOD.format(20))
    count = 2 if run.options.store == "postgres" else 1
    nodes = [Service(run, store.url, f"node-{n + 1}",
                     environment={"SLUICE_CONFIG": str(file)})
             for n in range(count)]
    for node in nodes:
        node.start()
    tenants = [nodes[0].organization(name) for name in ("one", "two")]
    with Load(run, [node.port for node in nodes], tenants,
              Mix(pause=0.02)) as load:
        if run.options.files:
            bad_files(run, nodes[0], file)
            signals(run, nodes[0], file)
        overrides(run, nodes, file)
    check_load(run, load.book)
    after_kill(run, nodes)
    nodes[0].wait_drained()
    for node in nodes:
        code, _ = node.terminate()
        run.check(code == 0, f"exit code {code} after SIGTERM")
    check_invariants(run, store, load.book)


def ask(node, method, path, what=None):
    return client.call(node.port, method, f"/admin/v1/{path}", what,
                       headers=HEADERS)


def reload(node):
    return ask(node, "POST", "reload")


def held(node, key="processor.batch_size"):
    """A setting as the node shows it."""
    for one in ask(node, "GET", "settings").json()["settings"]:
        if one["key"] == key:
            return one
    return None


def check_load(run, book):
    """Nobody who posts may notice any of it."""
    failed = {answer: count for answer, count in book.answers.items()
              if answer[0] not in (201, 202, 207, 409)}
    run.check(not failed, f"requests failed: {failed}")
    run.check(not book.faults, f"connections failed: {dict(book.faults)}")


def bad_files(run, node, file):
    files = all_bad()
    run.figures["bad files"] = len(files)
    run.check(len(files) >= 50, f"only {len(files)} bad files")
    for bad in files:
        bad.put(file)
        answer = reload(node)
        told = answer.body.decode("utf-8", "replace")
        run.check(answer.status == 422 and answer.slug() == "settings-faulty",
                  f"{bad.name}: {answer}")
        run.check(bad.says in told, f"{bad.name}: not told {bad.says}: {told}")
        shown = ask(node, "GET", "settings").json()
        faults = " ".join(shown["file"]["faults"])
        run.check(bad.says in faults, f"{bad.name}: shown as {faults!r}")
        state = node.health()
        run.check(state["settings"]["faults"] > 0
                  and state["settings"]["level"] == "warning",
                  f"{bad.name}: health has {state['settings']}")
        now = held(node)
        run.check(now["value"] == "20" and now["source"] == "file",
                  f"{bad.name}: taken, {now}")
    put_good(file, GOOD.format(21))
    answer = reload(node)
    run.check(answer.status == 200 and held(node)["value"] == "21",
              f"a good file was not taken: {answer}")
    run.check(node.health()["settings"]["faults"] == 0, "health stays faulty")


def signals(run, node, file):
    """SIGHUP after SIGHUP while the file is swapped under the reader."""
    before = loads(node)
    begin = time.monotonic()
    ending = threading.Event()
    swaps = threading.Thread(target=swap, args=(file, ending), daemon=True)
    swaps.start()
    mixed = 0
    for count in range(run.options.signals):
        node.signal(signal.SIGHUP)
        if count % 20 == 0:
            pair = {one["value"] for one in
                    ask(node, "GET", "settings").json()["settings"]
                    if one["key"] in ("processor.batch_size",
                                      "processor.max_attempts")}
            mixed += len(pair) > 1
        time.sleep(0.003)
    ending.set()
    swaps.join()
    put_good(file, GOOD.format(30))
    node.signal(signal.SIGHUP)
    taken = wait_until(lambda: held(node)["value"] == "30", 5)
    took = time.monotonic() - begin
    run.check(taken, "the file was not taken after SIGHUP")
    run.check(not mixed, f"two files were mixed {mixed} times")
    run.figures["signals"] = run.options.signals
    run.figures["loads for them"] = loads(node) - before
    run.check(loads(node) - before <= MOST_LOADS_PER_SECOND * (took + 1),
              f"{loads(node) - before} loads in {took:.1f} s")


def swap(file, ending):
    number = 0
    while not ending.is_set():
        beside = file.with_name("swap")
        beside.write_text(GOOD.format(40 + number % 2))
        os.rename(beside, file)
        number += 1
        time.sleep(0.001)


def loads(node):
    text = client.call(node.port, "GET", "/metrics").body.decode()
    for line in text.splitlines():
        if line.startswith("sluice_settings_loads_total"):
            return int(float(line.split()[1]))
    return 0


def overrides(run, nodes, file):
    put_good(file, GOOD.format(50))
    for node in nodes:
        reload(node)
    answer = ask(nodes[0], "POST", "settings", {
        "set": ["processor.batch_size=77"], "actor": "eve", "reason": "test"})
    begin = time.monotonic()
    run.check(answer.status == 200, f"not overridden: {answer}")
    run.check(held(nodes[0])["overridden_by"] == "eve", "nobody overrode it")
    for node in nodes:
        adopted = wait_until(lambda: held(node)["value"] == "77", 10)
        took = time.monotonic() - begin
        run.check(adopted and took < ADOPTED_WITHIN,
                  f"{node.name} adopted it after {took:.1f} s")
        run.figures[f"{node.name} adopted it after, s"] = took
    refused = ask(nodes[0], "POST", "settings", {"set": ["http.listen=a:1"]})
    run.check(refused.status == 422 and b"at a start only" in refused.body,
              f"not refused: {refused}")
    put_good(file, GOOD.format(51))
    answer = reload(nodes[0])
    run.check(answer.status == 200 and b"outranked" in answer.body,
              f"not outranked: {answer}")


def after_kill(run, nodes):
    """What was overridden stays so, until it is unset."""
    nodes[0].kill()
    nodes[0].start()
    now = held(nodes[0])
    run.check(now["value"] == "77" and now["source"] == "override",
              f"after kill -9: {now}")
    answer = ask(nodes[-1], "POST", "settings",
                 {"unset": ["processor.batch_size"], "reason": "done"})
    run.check(answer.status == 200, f"not unset: {answer}")
    for node in nodes:
        back = wait_until(lambda: held(node)["value"] == "51", 10)
        run.check(back and held(node)["source"] == "file",
                  f"{node.name} has {held(node)}")


def options(parser):
    parser.add_argument("--files", action="store_true",
                        help="bad files and signals as well")
    parser.add_argument("--signals", type=int, default=1000)


if __name__ == "__main__":
    main("reload", body, cycles=1, clients=3, extra=options)
