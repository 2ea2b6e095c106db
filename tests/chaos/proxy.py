"""A proxy between the service and PostgreSQL that reads the protocol.

It passes everything on until it is armed; then the next COMMIT (or the next
so many bytes) meets a fault. One fault each time it is armed.
"""

import os
import signal
import socket
import struct
import threading
import time

# What can become of the COMMIT message, and of its answer.
FAULTS = {
    "cut-before": "cut before COMMIT reaches the server",
    "cut-half": "half of COMMIT reaches the server, then the cut",
    "cut-both": "COMMIT is passed on and both sides are cut at once",
    "cut-answer": "the server committed; its answer is cut off",
    "half-answer": "the client gets half of the answer, then the cut",
    "blackhole": "COMMIT is passed on; the answer never comes",
    "freeze": "the backend is frozen before COMMIT, thawed after the client"
              " left",
    "bytes": "cut in the middle of whatever is sent next",
}
# Whose COMMIT it is, told by words of the transaction's last statement.
STATEMENTS = {
    "any": b"",
    "accept": b"sluice_accept(",
    "claim": b"sluice_claim(",
    "move": b"sluice_move(",
}
SSL_REQUEST, GSS_REQUEST, CANCEL = 80877103, 80877104, 80877102


class Proxy:
    """Listens on `port`, passes connections on to `target`."""

    def __init__(self, run, target):
        self.run = run
        self.target = target
        self.port = run.port()
        self.fired = threading.Event()
        self.commits = 0
        self._armed = None
        self._words = b""
        self._bytes_left = 0
        self._lock = threading.Lock()
        self._links = set()
        self._listener = socket.create_server(("127.0.0.1", self.port),
                                              backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()
        run.cleanup.callback(self.close)

    def arm(self, fault, after_bytes=0, statement="any"):
        with self._lock:
            self.fired.clear()
            self._armed = fault
            self._words = STATEMENTS[statement]
            self._bytes_left = after_bytes

    def disarm(self):
        with self._lock:
            self._armed = None

    def cut_all(self):
        for link in list(self._links):
            link.cut()

    def close(self):
        self._listener.close()
        self.cut_all()

    def take(self, message, statement):
        """The fault that this message of a client meets, if any.

        `statement` is what the client sent before, with its words.
        """
        commit = is_commit(message)
        with self._lock:
            self.commits += commit
            if self._armed == "bytes":
                self._bytes_left -= len(message)
                hit = self._bytes_left <= 0
            else:
                hit = (commit and self._armed is not None
                       and self._words in statement)
            if not hit:
                return None
            fault, self._armed = self._armed, None
        return fault

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(
                    ("127.0.0.1", self.target), timeout=5)
            except OSError:
                peer.close()
                continue
            server.settimeout(None)
            link = Link(self, peer, server)
            self._links.add(link)
            link.start()

    def forget(self, link):
        self._links.discard(link)


def is_commit(message):
    """A simple query or a parse that holds the word COMMIT."""
    return (message[:1] in (b"Q", b"P") and len(message) < 200
            and b"COMMIT" in message.upper())


class Link:
    """One connection through the proxy: a thread for each direction."""

    def __init__(self, proxy, peer, server):
        self._proxy = proxy
        self._client = peer
        self._server = server
        self._backend = None
        self._statement = b""
        self._swallow = None  # a function of the answer's bytes, once armed
        self._started = False
        for end in (peer, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self):
        threading.Thread(target=self._up, daemon=True).start()
        threading.Thread(target=self._down, daemon=True).start()

    def cut(self):
        """Ends both sides, the client's with a reset."""
        try:
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    struct.pack("ii", 1, 0))
        except OSError:
            pass
        for end in (self._client, self._server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self._proxy.forget(self)

    def _up(self):
        try:
            rest = b""
            while chunk := self._client.recv(65536):
                rest = self._pass_messages(rest + chunk)
        except (OSError, ValueError):
            pass
        self.cut()

    def _pass_messages(self, data):
        """Passes whole messages on; returns what is not whole yet."""
        while True:
            size = self._message_size(data)
            if size is None or len(data) < size:
                return data
            message, data = data[:size], data[size:]
            fault = None
            if self._started:
                fault = self._proxy.take(message, self._statement)
                if message[:1] in (b"Q", b"P"):
                    self._statement = message
            if fault:
                self._strike(fault, message)
            else:
                self._server.sendall(message)
                self._note_start(message)

    def _message_size(self, data):
        at = 1 if self._started else 0
        if len(data) < at + 4:
            return None
        return at + struct.unpack_from("!I", data, at)[0]

    def _note_start(self, message):
        if not self._started and len(message) >= 8:
            code = struct.unpack_from("!I", message, 4)[0]
            self._started = code not in (SSL_REQUEST, GSS_REQUEST, CANCEL)

    def _strike(self, fault, message):
        if fault in ("cut-before", "bytes"):
            if fault == "bytes":
                self._server.sendall(message[:len(message) // 2])
        elif fault == "cut-half":
            self._server.sendall(message[:5])
        elif fault == "cut-both":
            self._server.sendall(message)
        elif fault in ("cut-answer", "half-answer"):
            self._await_answer(fault, message)
        elif fault == "blackhole":
            self._swallow = lambda answer: b""
            self._server.sendall(message)
            self._proxy.fired.set()
            return
        elif fault == "freeze":
            self._freeze(message)
        self.cut()
        self._proxy.fired.set()

    def _await_answer(self, fault, message):
        """Lets the server finish, and the client hear half of it or none."""
        came = threading.Event()

        def swallow(answer):
            came.set()
            return answer[:7] if fault == "half-answer" else b""

        self._swallow = swallow
        self._server.sendall(message)
        came.wait(10)
        time.sleep(0.005)

    def _freeze(self, message):
        """COMMIT waits in a frozen backend until the client has given up."""
        os.kill(self._backend, signal.SIGSTOP)
        try:
            self._server.sendall(message)
            self._proxy.fired.set()
            self._client.settimeout(20)
            while self._client.recv(65536):
                pass
        except OSError:
            pass
        finally:
            # Late enough for whoever asks about the outcome to ask too early.
            time.sleep(0.3)
            os.kill(self._backend, signal.SIGCONT)
            time.sleep(0.2)

    def _down(self):
        try:
            head = b""
            while chunk := self._server.recv(65536):
                if self._backend is None:
                    head += chunk
                    self._backend = backend_pid(head)
                if self._swallow:
                    chunk = self._swallow(chunk)
                if chunk:
                    self._client.sendall(chunk)
        except OSError:
            pass
        if not self._swallow:
            self.cut()


def backend_pid(data):
    """The pid in the server's BackendKeyData message, once it has come."""
    at = 1 if data[:1] in (b"N", b"S") and data[1:2] == b"R" else 0
    while at + 5 <= len(data):
        size = struct.unpack_from("!I", data, at + 1)[0]
        if data[at:at + 1] == b"K" and at + 9 <= len(data):
            return struct.unpack_from("!I", data, at + 5)[0]
        at += 1 + size
    return None
