"""Faults of what the service stands on; each strikes and heals.

A fault brings its own store. `is_total`: nothing may be accepted while it
lasts. `took`: seconds until the last strike was complete. `told`: what health
says of the cause; nothing: the fault need not be seen there.
"""

import ctypes
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

from harness import Abort, Skip, wait_until
from replica import Pair
from stores import Cluster, SqliteFile

DISK_BYTES = 384 * 1024 * 1024
CLONE_NEWNS = 0x00020000  # as in <sched.h>


class Fault:
    """What all have in common."""

    stores = ("postgres",)
    is_total = True
    told = None
    distrusts_memory = False
    # Within this time from the strike somebody is told 503: the first are
    # those whose commits are in doubt, or ran into their deadlines.
    refuses_within = 4.5

    def __init__(self, run):
        self.run = run
        self.took = 0.0
        self.environment = {}
        self.store = self.make_store()
        self.store.start()
        self.url = self.store.url

    def make_store(self):
        return Cluster(self.run)

    def lasting(self, longest):
        """The range, in seconds, that an outage lasts."""
        return min(1.0, longest), longest

    def settle(self):
        """Called once events come in again."""

    def strike(self):
        begin = time.monotonic()
        self._strike()
        self.took = time.monotonic() - begin


class Freeze(Fault):
    """SIGSTOP of the server's processes."""

    name = "freeze"
    help = "the server's processes stop"
    told = "can't be reached"

    def _strike(self):
        self._frozen = self.store.freeze()

    def heal(self):
        self.store.thaw(self._frozen)


class ReadOnly(Fault):
    """As managed databases do when their disk is full or a switch is near."""

    name = "read-only"
    help = "the server takes no changes"
    told = "the database is read-only"

    def _strike(self):
        self.store.execute(
            "ALTER SYSTEM SET default_transaction_read_only = on")
        self.store.execute("SELECT pg_reload_conf()")

    def heal(self):
        self.store.execute("ALTER SYSTEM RESET default_transaction_read_only")
        self.store.execute("SELECT pg_reload_conf()")


class HeldLock(Fault):
    """Another program has begun a change, and does not end it."""

    name = "lock"
    help = "another program holds the lock of the database file"
    stores = ("sqlite",)
    told = "can't be written: another program holds its lock"

    def make_store(self):
        return SqliteFile(self.run)

    def _strike(self):
        self._holder = sqlite3.connect(self.store.path, timeout=10,
                                       isolation_level=None)
        self._holder.execute("BEGIN IMMEDIATE")

    def heal(self):
        self._holder.close()


class Failover(Fault):
    """The first server crashes for good; its standby takes over."""

    name = "failover"
    help = "a synchronous standby takes over from a server that crashed"

    def make_store(self):
        return Pair(self.run)

    def lasting(self, longest):
        return 0.0, min(3.0, longest)

    def _strike(self):
        self.store.first.stop_immediate()

    def heal(self):
        self.store.switch()

    def settle(self):
        self.store.restore()


class FullDisk(Fault):
    """A file takes all the room that is left below the database."""

    name = "disk"
    help = "the disk is full"
    stores = ("sqlite", "postgres")
    # A file that was long once has room for short writes.
    is_total = False
    told = "can't be "

    def make_store(self):
        if self.run.options.store == "sqlite":
            store = SqliteFile(self.run)
            self._folder = store.path.parent
            self._mount()
            return store
        self._folder = self.run.folder / Cluster.folder_name
        self._mount()
        return Cluster(self.run, {"min_wal_size": "32MB",
                                  "max_wal_size": "64MB"})

    def _mount(self):
        """A small file system that we and our children see, and that ends
        with us."""
        self._folder.mkdir(mode=0o700)
        if ctypes.CDLL(None).unshare(CLONE_NEWNS):
            raise Skip("nothing can be mounted here: not root")
        for arguments in (
                ["--make-rprivate", "/"],
                ["-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700",
                 "sluice-chaos", self._folder]):
            done = subprocess.run(["mount", *arguments], capture_output=True)
            if done.returncode:
                raise Skip("nothing can be mounted here: "
                           + done.stderr.decode().strip())
        self.run.cleanup.callback(
            subprocess.run, ["umount", "-l", self._folder])

    def _filler(self):
        return self._folder / "filler"

    def _strike(self):
        with open(self._filler(), "wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                self._fill(file, bytes(size))

    @staticmethod
    def _fill(file, block):
        try:
            while file.write(block) == len(block):
                pass
        except OSError:
            pass

    def heal(self):
        os.unlink(self._filler())
        _start_again(self.store)


class FailingSync(Fault):
    """fsync and fdatasync return EIO, below the SQLite file or PostgreSQL."""

    name = "fsync"
    help = "fsync fails with EIO"
    stores = ("sqlite", "postgres")
    distrusts_memory = True

    def make_store(self):
        shim = pathlib.Path(self.run.options.shim).resolve()
        if not shim.exists():
            raise Abort(f"no library at {shim}: give it with --shim")
        self._flag = self.run.folder / "fsync-fails"
        # PostgreSQL's user may not be able to read it where it was built.
        shim = shutil.copy(shim, self.run.folder)
        variables = {"LD_PRELOAD": str(shim),
                     "FAILING_SYNC_FLAG": str(self._flag)}
        if self.run.options.store == "sqlite":
            self.environment = variables
            return SqliteFile(self.run)
        return Cluster(self.run, environment=variables)

    def _strike(self):
        self._flag.touch()

    def heal(self):
        self._flag.unlink()
        _start_again(self.store)


def _start_again(store):
    """PostgreSQL's own crash recovery may have given up: an operator's act."""
    if store.kind != "postgres":
        return
    # While it still runs it may be about to give up.
    wait_until(store.has_ended, 0.5, 0.05)
    wait_until(lambda: store.has_ended() or store.answers(), 60, 0.05)
    if store.has_ended():
        store.start()


FAULTS = {kind.name: kind
          for kind in (Freeze, ReadOnly, HeldLock, Failover, FullDisk,
                       FailingSync)}
