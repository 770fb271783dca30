"""What uploads had in memory goes back to the system."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
# As when pictures come and go: a large block is freed, which makes malloc keep smaller ones, and
# small blocks that stay lie between those.
COME_AND_GO = """
import ctypes, re
{guard}
large = bytearray(20_000_000)
del large
pairs = [(ctypes.create_string_buffer(1_000_000), ctypes.create_string_buffer(2000))
         for _ in range(100)]
for block, _small in pairs:
    ctypes.memset(block, 1, 1_000_000)
kept = [small for _block, small in pairs]
del pairs, block
print(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""
GUARD = "from ihome_site.memory import give_back_large_blocks as guard; guard()"


def kilobytes_left(guard):
    command = [sys.executable, "-c", COME_AND_GO.format(guard=guard)]
    done = subprocess.run(
        command, capture_output=True, check=True, text=True, cwd=settings.BASE_DIR
    )
    return int(done.stdout)


def test_large_blocks_go_back_to_the_system():
    assert kilobytes_left(GUARD) < 50_000
    assert kilobytes_left("") > 100_000
