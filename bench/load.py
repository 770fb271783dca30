"""Driving a server with wrk, which costs far less than the server it measures."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(__file__).with_name("requests.lua")
CONNECTIONS = 16


class Load(NamedTuple):
    rate: float  # answers a second
    p99: float  # seconds
    bad: int  # answers that were no 200, and connections that broke
    asked: int


def require_wrk():
    if not shutil.which("wrk"):
        sys.exit("The load comes from wrk:\n  apt-get install wrk")


def drive(url, paths, seconds, cookie="", start=0):
    """Ask for the paths of the file `paths` in turn, from the line `start` on, for `seconds`."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--timeout", "10"]
    command += ["-s", SCRIPT, url, "--", paths, str(start), *([cookie] if cookie else [])]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    line = next(line for line in out.splitlines() if line.startswith("RESULT"))
    asked, microseconds, p99, bad = map(int, line.split()[1:])
    return Load(asked / microseconds * 1e6, p99 / 1e6, bad, asked)
