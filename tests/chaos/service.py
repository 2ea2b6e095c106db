"""The service under test, as a process."""

import os
import pathlib
import signal
import subprocess
import time

import client
import harness

ADMIN_TOKEN = "chaos-admin-token-0123456789abcdef"


class Organization:
    """A tenant of the service and its key."""

    def __init__(self, identity, name, key):
        self.id = identity
        self.name = name
        self.key = key


class Service:
    """One node: the same port, store and name through all its lives."""

    def __init__(self, run, store_url, name="node-1", settings=None,
                 environment=None):
        self.run = run
        self.name = name
        self.port = run.port()
        self.log_path = run.folder / f"{name}.log"
        self.process = None
        self.lives = 0
        self.settings = {
            "http.listen": f"127.0.0.1:{self.port}",
            "admin.listen": "off",
            "store.url": store_url,
            "node.name": name,
            "auth.open_signup": "any",
            "auth.admin_token": ADMIN_TOKEN,
        }
        self.settings.update(settings or {})
        self._environment = environment or {}
        run.cleanup.callback(self.end)

    def start(self, ready_within=30.0):
        """Starts a life; returns the seconds until it was ready.

        Only for the main thread. With `ready_within` 0: does not wait.
        """
        command = [self.run.binary, "serve"]
        for key, value in self.settings.items():
            command += ["--set", f"{key}={value}"]
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("SLUICE_")}
        environment.update(self._environment)
        begin = time.monotonic()
        with open(self.log_path, "ab") as log:
            log.write(f"--- life {self.lives + 1} ---\n".encode())
            log.flush()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.run.folder, env=environment,
                preexec_fn=harness.child_dies_with_us)
        self.lives += 1
        if ready_within:
            self.wait_ready(ready_within)
        return time.monotonic() - begin

    def wait_ready(self, seconds):
        if not harness.wait_until(self._is_ready_or_gone, seconds):
            raise harness.Abort(f"{self.name} not ready within {seconds} s")
        self.assert_alive()

    def _is_ready_or_gone(self):
        return not self.is_alive() or self.is_ready()

    def is_ready(self):
        try:
            return client.call(self.port, "GET", "/health/ready",
                               timeout=5).status == 200
        except client.FAULTS:
            return False

    def health(self):
        """The body of /health/ready, whatever its status."""
        return client.call(self.port, "GET", "/health/ready").json()

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def assert_alive(self):
        if not self.is_alive():
            raise harness.Abort(
                f"{self.name} ended by itself with {self.process.returncode}: "
                + self.last_words())

    def last_words(self):
        lines = self.log_path.read_bytes().splitlines()[-5:]
        return b" | ".join(lines).decode("utf-8", "replace")

    def kill(self):
        """kill -9. A process that had ended before is a violation."""
        self.assert_alive()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self, seconds=30.0):
        """SIGTERM; returns the exit code and the seconds it took."""
        self.assert_alive()
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # a core says where
            self.process.wait()
            raise harness.Abort(
                f"{self.name} still ran {seconds} s after SIGTERM") from None
        return code, time.monotonic() - begin

    def end(self):
        """Ends the process whatever its state; for the clean-up."""
        if self.is_alive():
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def threads(self):
        """The names of its threads."""
        names = []
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                names.append((task / "comm").read_text().strip())
            except OSError:
                pass  # it has ended since
        return names

    def signal(self, number):
        self.process.send_signal(number)

    def organization(self, name, tier="enterprise"):
        """A new tenant without a rate limit."""
        answer = client.call(
            self.port, "POST", "/api/keys/generate",
            {"organization_name": name, "tier": tier,
             "rate_limit_per_minute": 0},
            headers=[("Authorization", f"Bearer {ADMIN_TOKEN}")])
        if answer.status != 201:
            raise harness.Abort(f"no organization: {answer}")
        body = answer.json()
        return Organization(body["organization_id"], name, body["api_key"])

    def wait_drained(self, seconds=60.0):
        """Waits until health reports an empty queue twice, a sample apart."""
        seen = 0
        deadline = time.monotonic() + seconds
        queue = None
        while seen < 2 and time.monotonic() < deadline:
            self.assert_alive()
            queue = self.health()["queue"]
            empty = queue["pending"] + queue["processing"] == 0
            seen = seen + 1 if empty else 0
            time.sleep(1.2 if empty and seen < 2 else 0.1)
        if seen < 2:
            self.run.violation(f"the queue did not drain in {seconds} s: {queue}")
