"""Two organizations: nothing of one shows in, or changes, the other."""

import json
import uuid

import client
from harness import main, wait_until
from service import Service
from stores import open_store

EVENTS_EACH = 120
STATES = ("pending", "sending", "delivered", "failed", "dead_letter",
          "skipped")


class Tenant:
    """An organization with what it knows: its events' ids, its cursor."""

    def __init__(self, service, name):
        self.port = service.port
        self.organization = service.organization(name)
        self.key = self.organization.key
        self.secret = f"secret-of-{name}"
        self.ids = []
        self.cursor = None

    def call(self, method, path, body=None, headers=()):
        return client.call(self.port, method, path, body, self.key, headers)

    def post(self, number, dedup=None, header=None):
        body = {"type": "tenant", "payload": {"n": number, "s": self.secret}}
        if dedup:
            body["dedup_id"] = dedup
        headers = [("Idempotency-Key", header)] if header else []
        return self.call("POST", "/api/events", body, headers)

    def inbox(self, query=""):
        return self.call("GET", f"/api/inbox?{query}")

    def everything(self):
        """All that this tenant can see of itself, page after page."""
        pages, cursor = [], ""
        for _ in range(100):
            body = self.inbox(f"limit=50{cursor}").json()
            pages += body["events"]
            following = body["pagination"].get("next_cursor")
            if not following:
                break
            self.cursor = following
            cursor = f"&cursor={following}"
        return {"events": pages,
                "views": [self.call("GET", f"/api/events/{i}").json()
                          for i in self.ids[:20]],
                "keys": self.call("GET", "/api/keys").json()}


def anonymous(answer, *ids):
    """Status and body without what must differ between two requests."""
    text = answer.body.decode()
    for identity in ids:
        text = text.replace(identity, "ID")
    body = json.loads(text)
    body.pop("instance", None)
    return answer.status, json.dumps(body, sort_keys=True)


def body(run):
    """Every route with the other's key, id, cursor, dedup id and ack."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url)
    service.start()
    for cycle in run.cycles():
        one = Tenant(service, f"one-{cycle}")
        two = Tenant(service, f"two-{cycle}")
        fill(run, one, two)
        pairs = [(one, two), (two, one)]
        run.random.shuffle(pairs)
        for thief, owner in pairs:
            before = owner.everything()
            read(run, thief, owner)
            acknowledge(run, thief, owner)
            cursors(run, thief, owner)
            smuggle(run, thief, owner)
            after = owner.everything()
            run.check(before == after,
                      f"{thief.secret} changed what {owner.secret} sees")
        dedup(run, one, two, cycle)
        keys(run, service, one, two)
        run.say(f"cycle {cycle + 1} done")
    code, _ = service.terminate()
    run.check(code == 0, f"exit code {code} after SIGTERM")
    mixed = store.rows(
        "select d.id from event_deliveries d join events e on"
        " e.id = d.event_id join endpoints p on p.id = d.endpoint_id where"
        " d.organization_id <> e.organization_id or"
        " p.organization_id <> e.organization_id")
    run.check(not mixed, f"deliveries across tenants: {mixed[:3]}")


def fill(run, one, two):
    for number in range(EVENTS_EACH):
        for tenant in (one, two):
            answer = tenant.post(number)
            run.check(answer.status == 202, f"fill: {answer}")
            tenant.ids.append(answer.json()["id"])
    for tenant in (one, two):
        last = tenant.ids[-1]
        stored = wait_until(lambda: tenant.call(
            "GET", f"/api/events/{last}").json()["status"] == "stored", 30)
        run.check(stored, f"{last} was never stored")
        wait_until(lambda: len(tenant.everything()["events"])
                   == EVENTS_EACH, 10)


def read(run, thief, owner):
    for identity in run.random.sample(owner.ids, 10):
        chance = str(uuid.uuid4())
        for route in ("/api/events/{}",):
            foreign = thief.call("GET", route.format(identity))
            unknown = thief.call("GET", route.format(chance))
            run.check(foreign.status == 404 and anonymous(foreign, identity)
                      == anonymous(unknown, chance),
                      f"GET {route} tells a foreign id from an unknown one:"
                      f" {foreign} {unknown}")
    queries = [f"status={state}&limit=1000" for state in STATES]
    queries += ["limit=1000", "limit=10&offset=100", "limit=1000&offset=0"]
    for query in queries:
        answer = thief.inbox(query)
        if answer.status != 200:
            run.check(answer.status in (400, 422), f"inbox {query}: {answer}")
            continue
        text = answer.body.decode()
        leak = owner.secret in text or any(i in text for i in owner.ids)
        run.check(not leak, f"inbox?{query} shows another's event")


def acknowledge(run, thief, owner):
    identity = run.random.choice(owner.ids)
    chance = str(uuid.uuid4())
    foreign = thief.call("POST", f"/api/ack/{identity}")
    unknown = thief.call("POST", f"/api/ack/{chance}")
    run.check(foreign.status == 404 and anonymous(foreign, identity)
              == anonymous(unknown, chance),
              f"ack tells a foreign id from an unknown one: {foreign}"
              f" {unknown}")
    own = run.random.choice(thief.ids)
    foreign_ids = run.random.sample(owner.ids, 5)
    answer = thief.call("POST", "/api/ack",
                        {"ids": foreign_ids + [chance, own]})
    run.check(answer.status == 200, f"mixed ack: {answer}")
    told = [result["status"] for result in answer.json()["results"]]
    run.check(told == ["not_found"] * 6 + ["delivered"],
              f"mixed ack tells foreign from unknown: {answer}")


def cursors(run, thief, owner):
    owner.everything()
    run.check(owner.cursor, "an inbox of three pages gave no cursor")
    answer = thief.inbox(f"limit=50&cursor={owner.cursor}")
    run.check(answer.status == 400 and answer.slug() == "invalid-cursor",
              f"another's cursor: {answer}")
    text = owner.cursor
    for _ in range(20):
        at = run.random.randrange(len(text))
        other = run.random.choice([c for c in "abcXYZ019" if c != text[at]])
        spoilt = text[:at] + other + text[at + 1:]
        answer = owner.inbox(f"limit=50&cursor={spoilt}")
        run.check(answer.status == 400,
                  f"cursor with character {at} of {len(text)} changed:"
                  f" {answer.status}")


def smuggle(run, thief, owner):
    """Ways to name another organization in a request of one's own."""
    theirs = owner.organization.id
    body = {"type": "tenant", "payload": {"by": thief.secret}}
    answer = thief.call("POST", "/api/events",
                        {**body, "organization_id": theirs})
    run.check(answer.status == 422, f"organization_id in a body: {answer}")
    for name in ("X-Organization-Id", "X-Organization", "X-Tenant-Id"):
        answer = thief.call("GET", "/api/inbox?limit=1000", None,
                            [(name, theirs)])
        run.check(owner.secret not in answer.body.decode(),
                  f"{name} opens another's inbox")
    answer = thief.inbox(f"limit=1000&organization_id={theirs}")
    run.check(owner.secret not in answer.body.decode(),
              "organization_id in the query opens another's inbox")
    answer = client.call(thief.port, "GET", "/api/inbox", None, thief.key,
                         [("Authorization", f"Bearer {owner.key}")])
    run.check(answer.status == 400, f"two tenants' keys at once: {answer}")


def dedup(run, one, two, cycle):
    for header in (False, True):
        name = f"shared-{cycle}-{header}"
        words = {"header": name} if header else {"dedup": name}
        first, second = one.post(1, **words), two.post(1, **words)
        run.check(first.status == second.status == 202
                  and first.json()["id"] != second.json()["id"],
                  f"one name in two organizations: {first} {second}")
        for tenant, known in ((one, first), (two, second)):
            again = tenant.post(1, **words)
            body = again.json()
            run.check(again.status == (202 if header else 409)
                      and body.get("event_id", body.get("id"))
                      == known.json()["id"], f"repeat of {words}: {again}")


def keys(run, service, one, two):
    """Rotation of one's key ends that key alone, on every route."""
    old = one.key
    answer = one.call("POST", "/api/keys/rotate", {})
    run.check(answer.status == 200, f"rotate: {answer}")
    fresh = answer.json().get("api_key")
    gone = wait_until(lambda: one.inbox("limit=1").status == 401, 3, 0.05)
    run.check(gone, "a rotated key opens the inbox after 3 s")
    routes = [("GET", "/api/keys", None), ("GET", "/api/inbox", None),
              ("GET", f"/api/events/{one.ids[0]}", None),
              ("POST", f"/api/ack/{one.ids[0]}", None),
              ("POST", "/api/ack", {"ids": [one.ids[0]]}),
              ("POST", "/api/events", {"type": "t", "payload": {}}),
              ("POST", "/api/events/batch", [{"type": "t", "payload": {}}]),
              ("POST", "/api/keys/rotate", {})]
    wrong = old[:-1] + ("a" if old[-1] != "a" else "b")
    for method, path, body in routes:
        told = set()
        for key in (old, wrong, "x", two.organization.id):
            answer = client.call(service.port, method, path, body, key)
            told.add(anonymous(answer))
            run.check(answer.status == 401, f"{method} {path} with a wrong"
                      f" key: {answer}")
        run.check(len(told) == 1, f"wrong keys are told apart: {told}")
        answer = client.call(service.port, method, path, body)
        run.check(answer.status == 401, f"{method} {path}, no key: {answer}")
    one.key = fresh
    run.check(one.inbox("limit=1").status == 200, "the fresh key is refused")
    run.check(two.inbox("limit=1").status == 200, "two lost its key to one")
    text = two.call("GET", "/api/keys").body.decode()
    run.check(one.organization.id not in text and fresh not in text,
              "the list of keys shows another's")


if __name__ == "__main__":
    main("tenants", body, cycles=3)
