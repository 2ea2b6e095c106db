"""The gate as operators reach it: over the admin routes."""

import client
from service import ADMIN_TOKEN

HEADERS = [("Authorization", f"Bearer {ADMIN_TOKEN}")]
DIALS = ("ingest", "processing", "delivery")


def ask(port, path, timeout=15.0):
    """GET of an admin route."""
    return client.call(port, "GET", f"/admin/v1/{path}", headers=HEADERS,
                       timeout=timeout)


def order(port, path, body=None, timeout=15.0):
    """POST to an admin route."""
    return client.call(port, "POST", f"/admin/v1/{path}", body or {},
                       headers=HEADERS, timeout=timeout)


def command(port, path, timeout=15.0):
    """POST to an admin route that takes no body."""
    return client.call(port, "POST", f"/admin/v1/{path}", headers=HEADERS,
                       timeout=timeout)


def state(port):
    """How the dials stand, or None while that can't be told."""
    try:
        answer = ask(port, "gate")
    except client.FAULTS:
        return None
    return answer.json() if answer.status == 200 else None


def random_turn(random):
    """A path, a body, and what the dial must show after it."""
    kind = random.choice(("mode", "processing", "delivery", "drain"))
    if kind == "mode":
        mode = random.choice(("async", "async", "sync", "reject"))
        return "mode", {"mode": mode, "retry_after": 1}, ("ingest", mode)
    if kind == "drain":
        return "drain", {"timeout": 1}, ("processing", "draining")
    verb, shown = random.choice((("pause", "paused"), ("resume", "running")))
    return verb, {"dial": kind}, (kind, shown)


def open_wide(run, ports):
    """Turns all dials to where a new store has them."""
    for path, body in (("mode", {"mode": "async"}),
                       ("resume", {"dial": "processing"}),
                       ("resume", {"dial": "delivery"})):
        answer = order(ports[0], path, body)
        run.check(answer.status == 200, f"{path} {body}: {answer}")
