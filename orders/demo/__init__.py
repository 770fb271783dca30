"""The demonstration: people, homes and orders that look lived in, from fixtures/demo/.

The content is fixed; what varies is drawn by `dice`, so that every run makes the same.
"""

import hashlib
import json

from django.conf import settings

FOLDER = settings.BASE_DIR / "fixtures" / "demo"


def content(name):
    """What fixtures/demo/<name>.json holds."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def dice(sides, *seed):
    """A number from 0 to `sides` - 1 that is always the same for the same seed."""
    digest = hashlib.sha256(repr(seed).encode()).digest()
    return int.from_bytes(digest[:4], "big") % sides


def save_as_it_was(row):
    """Insert a row that keeps the created_at and updated_at it was given, as loaddata does."""
    row.save_base(raw=True)
    return row
