"""A Redis and a MariaDB of the test's own, on free ports: they can be frozen and stopped."""

import getpass
import shutil
import signal
import socket
import subprocess
import time

import redis

from ihome_site.tests.serving import free_port

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name):
    return shutil.which(name, path=PATH)


class OwnServer:
    """A server program with its files in `folder`."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None

    def start(self):
        log = (self.folder / "log").open("a")
        self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        self.wait_until_up()

    def wait_until_up(self):
        for _n in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def stop(self):
        self.thaw()
        self.process.terminate()
        self.process.wait(30)

    def freeze(self):
        """It keeps its connections and answers nothing, as on a machine that swaps itself out."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


class Redis(OwnServer):
    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self):
        return [program("redis-server"), "--port", str(self.port), "--save", ""]

    def takes_writes(self, yes):
        """Unless so, it refuses every write, as without a disk or a copy that it must have."""
        with redis.Redis.from_url(self.url) as connection:
            connection.config_set("min-replicas-to-write", 0 if yes else 1)


class MariaDB(OwnServer):
    def __init__(self, folder):
        super().__init__(folder)
        subprocess.run(
            [
                program("mariadb-install-db"),
                "--no-defaults",
                f"--user={getpass.getuser()}",
                f"--datadir={folder / 'data'}",
                "--auth-root-authentication-method=normal",
            ],
            check=True,
            capture_output=True,
        )

    @property
    def url(self):
        return f"mysql://root@127.0.0.1:{self.port}/ihome"

    def command(self):
        return [
            program("mariadbd"),
            "--no-defaults",
            f"--user={getpass.getuser()}",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'socket'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--skip-name-resolve",
        ]

    def ask(self, statement, database=None):
        """The rows a statement answers, over a connection of its own."""
        import MySQLdb  # only the real profile has the driver

        connection = MySQLdb.connect(
            host="127.0.0.1", port=self.port, user="root", database=database or "", autocommit=True
        )
        try:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall()
        finally:
            connection.close()

    def kill_connections(self):
        """Cut every connection but this one; how many they were."""
        mine = "SELECT id FROM information_schema.processlist WHERE id <> connection_id()"
        ids = [row[0] for row in self.ask(f"{mine} AND db = 'ihome'")]
        for number in ids:
            self.ask(f"KILL {number}")
        return len(ids)
