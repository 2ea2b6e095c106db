"""The two stores as the checks see them: a place to ask with SQL.

Rows come back as lists of text (None for NULL). A payload is asked for as
`digest(payload)`: its SHA-256 in hex, made where the data is.
"""

import hashlib
import os
import pathlib
import pwd
import shutil
import signal
import sqlite3
import subprocess

import harness


def open_store(run):
    """The store that the run's arguments name, ready for a first start."""
    if run.options.store == "sqlite":
        return SqliteFile(run)
    return Cluster(run)


class SqliteFile:
    """A SQLite database; ask only while the service is down.

    Debian's 3.40.1 can corrupt a database that two processes write or
    checkpoint, so reads are read-only and writes are for `offline` alone.
    """

    kind = "sqlite"

    def __init__(self, run):
        self.path = run.folder / "data" / "sluice.db"
        self.url = f"sqlite:{self.path}"

    def start(self):
        pass

    def rows(self, sql):
        with self._open("mode=ro") as connection:
            answer = connection.execute(sql).fetchall()
        connection.close()
        return [[None if v is None else str(v) for v in row] for row in answer]

    def offline(self, *statements):
        """Writes; the service must not run."""
        with self._open("mode=rw") as connection:
            for sql in statements:
                connection.execute(sql)
        connection.close()

    def settle(self):
        """Makes the checks' questions quick to answer."""

    def integrity(self):
        """What SQLite says of the file itself; nothing when it is sound."""
        found = self.rows("PRAGMA integrity_check(5)")
        return [] if found == [["ok"]] else [row[0] for row in found]

    def _open(self, mode):
        connection = sqlite3.connect(f"file:{self.path}?{mode}", uri=True,
                                     timeout=10)
        connection.create_function(
            "digest", 1, deterministic=True,
            func=lambda t: hashlib.sha256(t.encode()).hexdigest())
        return connection


def postgres_folder():
    """Where the server's programs are; raises Skip without them."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"),
                   key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    which = shutil.which("initdb")
    if not which:
        raise harness.Skip("PostgreSQL's server is not installed")
    return pathlib.Path(which).resolve().parent


class Cluster:
    """A PostgreSQL of the run's own: its folder, its port, its processes."""

    kind = "postgres"
    folder_name = "pg"

    def __init__(self, run, settings=None, folder=folder_name, port=None,
                 environment=None):
        self.run = run
        self.programs = postgres_folder()
        self.port = port or run.port()
        self.data = run.folder / folder
        self.log_path = run.folder / "postgres.log"
        self._environment = {**os.environ, **(environment or {})}
        self.process = None
        self.url = self.url_at(self.port)
        self._who = self._owner()
        self._initialise(settings or {})
        run.cleanup.callback(self.end)

    def url_at(self, port):
        return (f"postgresql://postgres@127.0.0.1:{port}/postgres"
                "?sslmode=disable&gssencmode=disable")

    @staticmethod
    def _owner():
        """The server refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        try:
            entry = pwd.getpwnam("postgres")
        except KeyError:
            raise harness.Skip("no user postgres, and we are root") from None
        return {"user": entry.pw_uid, "group": entry.pw_gid,
                "extra_groups": []}

    def _take_folder(self):
        """The folder may be there, as a file system of its own."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        if self._who:
            os.chown(self.data, self._who["user"], self._who["group"])

    def _initialise(self, settings):
        self._take_folder()
        subprocess.run(
            [self.programs / "initdb", "-D", self.data, "-U", "postgres",
             "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd="/", **self._who)
        self._write_settings({
            "listen_addresses": "'127.0.0.1'", "port": self.port,
            "unix_socket_directories": "''", "shared_buffers": "64MB",
            "max_connections": 100, "fsync": "on", "synchronous_commit": "on",
            "full_page_writes": "on", **settings})

    def _write_settings(self, lines):
        with open(self.data / "postgresql.conf", "a") as file:
            file.writelines(f"{k} = {v}\n" for k, v in lines.items())

    def start(self, wait=True):
        """Starts the server; returns when it takes connections."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env=self._environment,
                preexec_fn=harness.child_dies_with_us, **self._who)
        if wait and not harness.wait_until(self.answers, 180):
            raise harness.Abort("PostgreSQL did not start")

    def answers(self):
        return self._psql("select 1;", check=False).returncode == 0

    def has_ended(self):
        return self.process.poll() is not None

    def stop_immediate(self):
        """`pg_ctl stop -m immediate`: no checkpoint, as in a crash."""
        subprocess.run(
            [self.programs / "pg_ctl", "stop", "-D", self.data, "-m",
             "immediate", "-w", "-t", "30"],
            check=True, stdout=subprocess.DEVNULL, cwd="/", **self._who)
        self.process.wait()

    def end(self):
        if self.process and self.process.poll() is None:
            self.thaw(self.pids())
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def pids(self):
        """The postmaster and all its children."""
        top = self.process.pid
        try:
            text = pathlib.Path(f"/proc/{top}/task/{top}/children").read_text()
        except OSError:
            return [top]
        return [top] + [int(word) for word in text.split()]

    def freeze(self):
        """Stops every process of the server; connections stay open."""
        pids = self.pids()
        self._send(pids, signal.SIGSTOP)
        return pids

    def freeze_some(self, pids):
        self._send(pids, signal.SIGSTOP)

    def thaw(self, pids):
        self._send(pids, signal.SIGCONT)

    @staticmethod
    def _send(pids, number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def backends(self):
        """Pids of the client backends, without the asking one."""
        return [int(row[0]) for row in self.rows(
            "select pid from pg_stat_activity where backend_type ="
            " 'client backend' and pid <> pg_backend_pid()")]

    def rows(self, sql):
        text = f"COPY ({self._translated(sql)}) TO STDOUT;"
        output = self._psql(text).stdout.decode()
        return [[None if v == "\\N" else v for v in line.split("\t")]
                for line in output.splitlines()]

    def execute(self, sql):
        """Runs statements in one psql; returns its output."""
        return self._psql(sql + ";").stdout.decode().strip()

    def offline(self, *statements):
        for sql in statements:
            self.execute(sql)

    def settle(self):
        # Tables that were filled a moment ago have no statistics: the planner
        # takes them for short, and compares all with all.
        self.execute("analyze")

    def integrity(self):
        return []

    @staticmethod
    def _translated(sql):
        return sql.replace(
            "digest(payload)",
            "encode(sha256(convert_to(payload, 'UTF8')), 'hex')")

    def psql_command(self):
        return ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                "-d", self.url + "&connect_timeout=5"]

    def _psql(self, sql, check=True):
        done = subprocess.run(self.psql_command(), input=sql.encode(),
                              capture_output=True, timeout=120)
        if check and done.returncode:
            raise harness.Abort(
                f"psql: {done.stderr.decode().strip()} in {sql[:200]}")
        return done

