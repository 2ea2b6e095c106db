"""Receivers of webhooks, as a process of their own.

    receivers.py PORT SEEN SECRETS

Answers each POST with 200 and appends a line to the file SEEN: path,
webhook-id, `signed` or what is wrong, SHA-256 of the payload's bytes, when it
came (monotonic seconds), how many requests for that path were there at once.
SECRETS is a file of JSON, path -> list of secrets, read at each request whose
path it did not know.

By what a path begins with: `/slow` answers after a while; `/down` answers 503
(noted as `down`) while the file SEEN.down exists; `/hold` keeps the
first request for that path until the file SEEN.hold is gone.
"""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import socketserver
import subprocess
import sys
import threading
import time

import client
import harness

TOLERANCE = 300


def fault_of(headers, body, secrets):
    """What is wrong with the signature, as Standard Webhooks has it."""
    identity = headers.get("webhook-id", "")
    moment = headers.get("webhook-timestamp", "")
    if not moment.isdigit() or abs(time.time() - int(moment)) > TOLERANCE:
        return f"timestamp {moment!r}"
    signed = f"{identity}.{moment}.".encode() + body
    given = [text.partition(",")[2] for text
             in headers.get("webhook-signature", "").split(" ")
             if text.startswith("v1,")]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        if any(hmac.compare_digest(one, wanted) for one in given):
            return None
    return "signature"


def payload_of(body):
    """The bytes of `data`, the last member."""
    return body[body.index(b'"data":') + len(b'"data":'):-1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        identity = self.headers.get("webhook-id", "")
        came = time.monotonic()
        with server.lock:
            server.at_once[self.path] += 1
            at_once = server.at_once[self.path]
            is_first = self.path not in server.known
            server.known.add(self.path)
        is_down = self.path.startswith("/down") and server.has_marker("down")
        if self.path.startswith("/slow"):
            time.sleep(0.05)
        while (self.path.startswith("/hold") and is_first
               and server.has_marker("hold")):
            time.sleep(0.02)
        fault = fault_of(self.headers, body, server.secrets_of(self.path))
        line = "\t".join([
            self.path, identity, "down" if is_down else fault or "signed",
            hashlib.sha256(payload_of(body)).hexdigest(), f"{came:.6f}",
            str(at_once)])
        with server.lock:
            server.seen.write(line + "\n")
            server.seen.flush()
            server.at_once[self.path] -= 1
        self.reply(503 if is_down else 200)

    def reply(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, port, seen, secrets):
        super().__init__(("127.0.0.1", port), Handler)
        self.lock = threading.Lock()
        self.at_once = collections.Counter()
        self.known = set()
        self._path = seen
        self.seen = open(seen, "a")
        self._secrets_path = secrets
        self._secrets = {}

    def handle_error(self, request, client_address):
        """A sender that is killed resets its connections."""

    def has_marker(self, name):
        return os.path.exists(f"{self._path}.{name}")

    def secrets_of(self, path):
        if path not in self._secrets:
            self._secrets = json.loads(
                pathlib.Path(self._secrets_path).read_text())
        return self._secrets.get(path, [])


class Receivers:
    """The process, as a script sees it."""

    def __init__(self, run):
        self.port = run.port()
        self._seen = run.folder / "seen.tsv"
        self._secrets_file = run.folder / "secrets.json"
        self._secrets = {}
        self._write()
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self.port), str(self._seen),
             str(self._secrets_file)],
            stdin=subprocess.DEVNULL, preexec_fn=harness.child_dies_with_us)
        run.cleanup.callback(self.end)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def trust(self, path, secret):
        """From now on requests for `path` are to be signed with it."""
        self._secrets.setdefault(path, []).append(secret)
        self._write()

    def endpoint(self, service, tenant, path, **fields):
        """Makes an endpoint of the tenant's for the path; its id."""
        answer = client.call(service.port, "POST", "/api/endpoints",
                             {"url": self.url(path), **fields}, key=tenant.key)
        if answer.status != 201:
            raise harness.Abort(f"no endpoint: {answer}")
        self.trust(path, answer.json()["secret"])
        return answer.json()["id"]

    def mark(self, name, is_on):
        """`down` or `hold`: see the top of the file."""
        marker = pathlib.Path(f"{self._seen}.{name}")
        if is_on:
            marker.touch()
        else:
            marker.unlink(missing_ok=True)

    def seen(self):
        """Lines so far: path, id, verdict, digest, when it came, how many were
        there at once."""
        if not self._seen.exists():
            return []
        return [line.split("\t") for line
                in self._seen.read_text().splitlines()]

    def end(self):
        self._process.kill()
        self._process.wait()

    def _write(self):
        fresh = self._secrets_file.with_suffix(".new")
        fresh.write_text(json.dumps(self._secrets))
        fresh.rename(self._secrets_file)


if __name__ == "__main__":
    Server(int(sys.argv[1]), sys.argv[2], sys.argv[3]).serve_forever()
