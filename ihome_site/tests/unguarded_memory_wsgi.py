"""The site with one guard of its memory taken off, named by GUARD_OFF: turns or malloc."""

import contextlib
import os

from ihome_site import images, memory

if guard := os.environ["GUARD_OFF"]:
    # All threads at once, or the other guards had less to do.
    images.place = contextlib.nullcontext
    if guard == "turns":
        images.turn = contextlib.nullcontext
    else:
        memory.give_back_large_blocks = lambda: None

from ihome_site.wsgi import application

__all__ = ["application"]
