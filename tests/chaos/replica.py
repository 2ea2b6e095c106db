"""A PostgreSQL and its synchronous standby, which change places."""

import shutil
import subprocess

from harness import Abort, wait_until
from stores import Cluster

STANDBY = "chaos_standby"
SYNCED = ("SELECT count(*) FROM pg_stat_replication WHERE application_name ="
          f" '{STANDBY}' AND sync_state = 'sync'")


class Standby(Cluster):
    """A copy of another server that follows it."""

    def __init__(self, run, of, folder, port):
        self._of = of
        super().__init__(run, folder=folder, port=port)

    def _initialise(self, settings):
        self._take_folder()
        source = (f"host=127.0.0.1 port={self._of.port} user=postgres"
                  f" application_name={STANDBY}")
        subprocess.run(
            [self.programs / "pg_basebackup", "-D", self.data, "-d", source,
             "-R", "-X", "stream", "-c", "fast", "--no-sync"],
            check=True, cwd="/", **self._who)
        self._write_settings({"port": self.port})

    def promote(self):
        subprocess.run(
            [self.programs / "pg_ctl", "promote", "-D", self.data, "-w"],
            check=True, stdout=subprocess.DEVNULL, cwd="/", **self._who)


class Pair:
    """Two places, one of which leads; what is committed is on both."""

    kind = "postgres"

    def __init__(self, run):
        self._run = run
        self._generation = 0
        self.first = Cluster(run)
        self._second = None

    def start(self):
        self.first.start()
        self._add_standby()
        ports = (self.first.port, self._second.port)
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.url = self.first.url.replace(f"127.0.0.1:{ports[0]}", hosts)

    def _add_standby(self, port=None):
        """A standby without which no commit returns any more."""
        self._generation += 1
        self._second = Standby(self._run, self.first,
                               f"standby-{self._generation}", port)
        self._second.start()
        self._name_standby(STANDBY)
        if not wait_until(lambda: self.first.rows(SYNCED) == [["1"]], 60):
            raise Abort("the standby does not follow")

    def _name_standby(self, name):
        self.first.execute(
            f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.first.execute("SELECT pg_reload_conf()")

    def switch(self):
        """The standby leads from now on, alone until `restore`."""
        old, self.first = self.first, self._second
        self.first.promote()
        self._name_standby("")
        shutil.rmtree(old.data)
        self._place = old.port

    def restore(self):
        """A new standby in the place of the server that is gone."""
        self._add_standby(self._place)

    def __getattr__(self, name):
        """Questions go to the one that leads."""
        return getattr(self.first, name)
