"""The site with one guard of its memory taken off, named by GUARD_OFF: turns or limits."""

import contextlib
import os

from ihome_site import images

if guard := os.environ["GUARD_OFF"]:
    # All threads at once, or the other guards had less to do.
    images.place = contextlib.nullcontext
    if guard == "turns":
        images.turn = contextlib.nullcontext
    else:
        images.DECODER = ["-c", "from ihome_site import pictures as p; p.LIMITS = {}; p.main()"]

from ihome_site.wsgi import application

__all__ = ["application"]
