"""A small HTTP client that tells apart the ways an exchange can end.

`http.client` hides whether a request was refused, cut or half answered; the
checks need exactly that.
"""

import json
import socket


class Unsent(Exception):
    """No connection, or it broke before the whole request was handed over."""


class Unanswered(Exception):
    """The request was sent; the connection ended without a byte of answer."""


class HalfAnswered(Exception):
    """The connection ended inside an answer."""


class Late(Exception):
    """No answer, or no end of it, within the time limit."""


class Answer:
    """Status, headers (lower-case names) and body of one answer."""

    __slots__ = ("status", "headers", "body")

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body) if self.body else None

    def slug(self):
        """The last word of a problem's type, or an empty text."""
        try:
            return self.json().get("type", "").rpartition(":")[2]
        except (ValueError, AttributeError):
            return ""

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Connection:
    """One kept-alive connection, made at the first use. Not thread-safe."""

    def __init__(self, port, timeout=15.0):
        self.port = port
        self.timeout = timeout
        self._socket = None
        self._rest = b""

    def close(self):
        if self._socket:
            self._socket.close()
        self._socket = None
        self._rest = b""

    def exchange(self, method, path, body=None, headers=()):
        """Sends one request and reads its answer. Raises what is above."""
        self.send(self.compose(method, path, body, headers))
        return self.receive(method)

    def compose(self, method, path, body=None, headers=()):
        """The bytes of a request."""
        head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        head += [f"{name}: {value}" for name, value in headers]
        if body is not None or method == "POST":
            head.append(f"Content-Length: {len(body or b'')}")
        return "\r\n".join(head).encode() + b"\r\n\r\n" + (body or b"")

    def send(self, message):
        """Half of an exchange: a request."""
        try:
            self._send(message)
        except BaseException:
            self.close()
            raise

    def receive(self, method):
        """The other half: its answer."""
        try:
            return self._receive(method)
        except BaseException:
            self.close()
            raise

    def _send(self, message):
        try:
            if not self._socket:
                self._socket = socket.create_connection(
                    ("127.0.0.1", self.port), timeout=self.timeout)
                self._socket.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(message)
        except OSError as reason:
            raise Unsent(str(reason)) from None

    def _receive(self, method):
        data = self._rest
        while b"\r\n\r\n" not in data:
            data += self._more(data)
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = 0 if method == "HEAD" else int(
            headers.get("content-length", "0"))
        while len(body) < length:
            body += self._more(data)
        self._rest = body[length:]
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body[:length])

    def _more(self, so_far):
        try:
            chunk = self._socket.recv(65536)
        except TimeoutError:
            raise Late(f"nothing for {self.timeout} s") from None
        except OSError as reason:
            if so_far:
                raise HalfAnswered(str(reason)) from None
            raise Unanswered(str(reason)) from None
        if not chunk:
            if so_far:
                raise HalfAnswered("closed inside the answer")
            raise Unanswered("closed")
        return chunk


FAULTS = (Unsent, Unanswered, HalfAnswered, Late)


def call(port, method, path, body=None, key=None, headers=(), timeout=15.0):
    """One request on a connection of its own. `body` is JSON or bytes."""
    all_headers = list(headers)
    if key:
        all_headers.append(("X-API-Key", key))
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None and not any(
            name.lower() == "content-type" for name, _ in all_headers):
        all_headers.append(("Content-Type", "application/json"))
    connection = Connection(port, timeout)
    try:
        return connection.exchange(method, path, body, all_headers)
    finally:
        connection.close()
