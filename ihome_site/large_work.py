"""Turns of what takes tens of megabytes: the hash of a password 46 MiB, a picture about 200.

Two at once in a process, so one picture and one hash: two hashes beside a picture took a worker
to 400 MB. See ihome_site/tests/test_upload_memory.py.
"""

import threading

AT_ONCE = 2
turns = threading.BoundedSemaphore(AT_ONCE)
