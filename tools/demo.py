#!/usr/bin/env python3
"""A demonstration that one can watch: events on their way to the inbox.

    tools/demo.py URL      URL of a running service, http://127.0.0.1:4000

Makes an organization, sends it events, follows each one until it is in the
inbox, and prints commands to go on with. The environment's
SLUICE_AUTH_ADMIN_TOKEN is sent where the service asks for it. Exits with 0
when everything was seen to work, with 1 and the reason otherwise.
"""

import http.client
import json
import os
import sys
import time
import urllib.parse

ARRIVAL_SECONDS = 15
REQUEST_SECONDS = 10

EVENTS = (
    ("user.signed_up", {"user": "ada", "plan": "free"}, None),
    ("order.placed", {"order": 1001, "total": "49.90"}, "order-1001"),
    ("order.paid", {"order": 1001, "method": "card"}, None),
    ("parcel.shipped", {"order": 1001, "parcel": "P-77"}, None),
    ("invoice.sent", {"order": 1001, "to": "ada@example.org"}, None),
)


class Broken(Exception):
    """The demonstration can't go on; the text says why."""


class Client:
    """One kept-alive connection and, once it is known, the key."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self._connection = http.client.HTTPConnection(
            parts.hostname, parts.port or 80, timeout=REQUEST_SECONDS)
        self.headers = {}

    def call(self, method, path, body=None, expect=200):
        """The decoded answer; Broken unless its status is as expected."""
        headers = dict(self.headers)
        if body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as why:
            raise Broken(f"{method} {path}: {why!r}") from why
        if answer.status != expect:
            raise Broken(f"{method} {path}: {answer.status}, not {expect}: "
                         f"{text[:500]}")
        return json.loads(text)


def say(text=""):
    print(text, flush=True)


def make_organization(client):
    token = os.environ.get("SLUICE_AUTH_ADMIN_TOKEN")
    if token:
        client.headers = {"Authorization": f"Bearer {token}"}
    made = client.call("POST", "/api/keys/generate",
                       {"organization_name": "demonstration"}, expect=201)
    client.headers = {"X-API-Key": made["api_key"]}
    return made


def send(client, kind, payload, dedup_id):
    body = {"type": kind, "payload": payload}
    if dedup_id:
        body["dedup_id"] = dedup_id
    return body, client.call("POST", "/api/events", body, expect=202)["id"]


def follow(client, identity, begin):
    """Yields (milliseconds, status) at each change until it is stored."""
    seen, pause = None, 0.001
    while seen != "stored":
        now = time.monotonic()
        if now - begin > ARRIVAL_SECONDS:
            raise Broken(f"{identity} is still '{seen}' after "
                         f"{ARRIVAL_SECONDS} s")
        status = client.call("GET", f"/api/events/{identity}")["status"]
        if status not in ("queued", "processing", "stored"):
            raise Broken(f"{identity} is '{status}'")
        if status != seen:
            seen = status
            yield (time.monotonic() - begin) * 1000, status
        else:
            # Few questions in all: the key's requests are limited.
            time.sleep(pause)
            pause = min(pause * 2, 1)


def show_way(client, event):
    begin = time.monotonic()
    body, identity = send(client, *event)
    accepted = (time.monotonic() - begin) * 1000
    say(f"  {body['type']:<16} {identity}")
    way = [f"accepted, on disk ({accepted:.1f} ms)"]
    way += [f"{status} ({milliseconds:.1f} ms)"
            for milliseconds, status in follow(client, identity, begin)]
    say("      " + " -> ".join(way))
    return identity


def inbox_of(client):
    return {entry["id"]: entry
            for entry in client.call("GET", "/api/inbox?limit=100")["events"]}


def show_inbox(client, sent):
    entries = inbox_of(client)
    missing = [identity for identity in sent if identity not in entries]
    if missing:
        raise Broken(f"stored, but not in the inbox: {', '.join(missing)}")
    for entry in entries.values():
        say(f"  {entry['id']}  {entry['type']:<16} "
            f"{json.dumps(entry['payload'], separators=(',', ':'))}")
    return entries


def show_repeat(client, event, first):
    kind, payload, dedup_id = event
    body = {"type": kind, "payload": payload, "dedup_id": dedup_id}
    refused = client.call("POST", "/api/events", body, expect=409)
    if refused.get("id") != first:
        raise Broken(f"the repeat names {refused.get('id')}, not {first}")
    say(f"  409 {refused.get('error')}: it is {first}")


def print_commands(url, key, identity):
    say(f"""
Try it yourself:

  KEY={key}

  curl -s {url}/api/events -H "X-API-Key: $KEY" -H 'Content-Type: application/json' \\
    -d '{{"type": "hello.world", "payload": {{"from": "me"}}}}'

  curl -s {url}/api/events/{identity} -H "X-API-Key: $KEY"
  curl -s '{url}/api/inbox?status=pending&limit=10' -H "X-API-Key: $KEY"
  curl -s -d '' {url}/api/ack/{identity} -H "X-API-Key: $KEY"
  curl -s {url}/health/ready
""")


def demonstrate(url):
    client = Client(url)
    made = make_organization(client)
    say(f"An organization, made with POST /api/keys/generate "
        f"(tier {made['tier']}, {made['rate_limit_per_minute']} requests "
        f"a minute).")
    say("\nEvents, each sent with POST /api/events and then watched:\n")
    sent = [show_way(client, event) for event in EVENTS]
    say("\nThe inbox, GET /api/inbox:\n")
    show_inbox(client, sent)
    repeated = next(i for i, event in enumerate(EVENTS) if event[2])
    say(f"\n{EVENTS[repeated][0]} once more, with the same dedup_id:\n")
    show_repeat(client, EVENTS[repeated], sent[repeated])
    if len(inbox_of(client)) != len(sent):
        raise Broken("the repeat came into the inbox all the same")
    say(f"\n{EVENTS[0][0]} acknowledged with POST /api/ack/{{id}}.")
    client.call("POST", f"/api/ack/{sent[0]}")
    print_commands(url, made["api_key"], sent[1])


def main():
    if len(sys.argv) != 2 or not sys.argv[1].startswith("http://"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        demonstrate(sys.argv[1].rstrip("/"))
    except (Broken, KeyError, ValueError) as why:
        print(f"demonstration failed: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
