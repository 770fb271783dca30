"""docs/security.md names tests; a test that was renamed or removed leaves a hole in it."""

import re

import pytest
from django.conf import settings

NAMED = re.compile(r"`([a-z_/0-9]+\.py)?::(test_[a-z_0-9]+)`")


def named_tests():
    """(file, test) of each test in the table; a bare ::name is in the file named before it."""
    file = ""
    for path, name in NAMED.findall((settings.BASE_DIR / "docs/security.md").read_text()):
        file = path or file
        yield file, name


@pytest.mark.parametrize("file", sorted({file for file, _name in named_tests()}))
def test_every_test_of_the_table_exists(file):
    text = (settings.BASE_DIR / file).read_text()
    missing = [name for path, name in named_tests() if path == file and f"def {name}(" not in text]
    assert missing == []
