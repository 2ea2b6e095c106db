"""What the documentation gives receivers works with what the service sends."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import client
import harness
from harness import Abort, main, wait_until
from service import Service
from stores import open_store

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples"
REFERENCE = "standardwebhooks@1.0.0"
# The public library's own check, and nothing else.
REFERENCE_RECEIVER = """
const { Webhook } = require("standardwebhooks");
const key = new Webhook(process.env.SECRET);
require("http").createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    try {
      const event = key.verify(Buffer.concat(chunks), request.headers);
      console.log(event.type, JSON.stringify(event.data));
      response.writeHead(204).end();
    } catch (fault) {
      response.writeHead(401).end();
    }
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
"""


def body(run):
    """Runs each receiver; it takes what is genuine and nothing else."""
    store = open_store(run)
    store.start()
    service = Service(run, store.url, settings={
        "delivery.allow_networks": "127.0.0.0/8"})
    service.start()
    tenant = service.organization("one")
    for name, command, folder in receivers(run):
        try_receiver(run, service, tenant, name, command, folder)
    service.terminate()


def receivers(run):
    """Name, command and folder of each that this machine can run."""
    yield "receiver.py", [sys.executable, str(EXAMPLES / "receiver.py")], None
    node = shutil.which("node")
    if not node:
        run.say("left out: receiver.mjs and the reference library: no node")
        return
    yield "receiver.mjs", [node, str(EXAMPLES / "receiver.mjs")], None
    folder = run.folder / "reference"
    folder.mkdir()
    npm = shutil.which("npm")
    got = npm and subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--cache", str(folder / "cache"),
         REFERENCE], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False)
    if not got or got.returncode != 0:
        run.say(f"left out: the reference library: {REFERENCE} can't be had")
        return
    script = folder / "receiver.js"
    script.write_text(REFERENCE_RECEIVER)
    yield "the reference library", [node, str(script)], folder


def try_receiver(run, service, tenant, name, command, folder):
    port = run.port()
    answer = client.call(service.port, "POST", "/api/endpoints",
                         {"url": f"http://127.0.0.1:{port}/hook"},
                         key=tenant.key)
    if answer.status != 201:
        raise Abort(f"no endpoint: {answer}")
    made = answer.json()
    heard = run.folder / f"{port}.out"
    with open(heard, "w") as out:
        process = subprocess.Popen(
            command + [str(port)], stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, cwd=folder,
            env=dict(os.environ, SECRET=made["secret"]),
            preexec_fn=harness.child_dies_with_us)
    run.cleanup.callback(process.kill)

    def refuses_forgery():
        try:
            return client.call(port, "POST", "/hook", {"type": "forged"}, headers=[
                ("webhook-id", "1"), ("webhook-timestamp", "1790000000"),
                ("webhook-signature", "v1,forged")]).status == 401
        except client.FAULTS:
            return False

    run.check(wait_until(refuses_forgery, 20, 0.1),
              f"{name} does not refuse what is forged")
    payload = {"from": name, "text": "\u00e9\U0001f980 \"quoted\""}
    sent = client.call(service.port, "POST", "/api/events",
                       {"type": "example.sent", "payload": payload},
                       key=tenant.key)
    run.check(sent.status == 202, f"{name}: {sent}")

    def has_heard():
        lines = heard.read_text().splitlines()
        return lines and lines[0].startswith("example.sent ") and json.loads(
            lines[0].split(" ", 1)[1]) == payload

    run.check(wait_until(has_heard, 20, 0.1),
              f"{name} did not take it: {heard.read_text()!r}")
    client.call(service.port, "DELETE", f"/api/endpoints/{made['id']}",
                key=tenant.key)
    process.kill()
    process.wait()
    run.say(f"{name}: genuine taken, forged refused")


if __name__ == "__main__":
    main("examples", body, cycles=1)
