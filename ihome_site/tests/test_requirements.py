"""The lists of packages: every file that may be installed is known by its hash."""

import re
from importlib import metadata

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = settings.BASE_DIR
LISTS = sorted(path.stem for path in ROOT.glob("requirements*.in"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def lines(name):
    """The lines of a list without comments, continued ones put together."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]


def asked(name):
    """Requirements of an .in file and those it includes, by name."""
    found = {}
    for line in lines(f"{name}.in"):
        if line.startswith("-r "):
            found |= asked(line.removeprefix("-r ").removesuffix(".in"))
        else:
            found[canonicalize_name(Requirement(line).name)] = Requirement(line)
    return found


def locked(name):
    """Requirements of a .txt file, by name."""
    requirements = [Requirement(line.split(" --hash", 1)[0]) for line in lines(f"{name}.txt")]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def needed(name):
    """Names of what an installed package needs on this machine."""
    try:
        declared = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # the driver, playwright
        return set()
    found = set()
    for requirement in map(Requirement, declared):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found.add(canonicalize_name(requirement.name))
    return found


def needed_in_all(names):
    reached, waiting = set(), set(names)
    while waiting:
        reached |= waiting
        waiting = set().union(*map(needed, waiting)) - reached
    return reached


def test_each_list_has_its_lock():
    assert sorted(path.stem for path in ROOT.glob("requirements*.txt")) == LISTS


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_is_one_version_with_hashes(name):
    for line in lines(f"{name}.txt"):
        assert re.match(r"[a-z0-9.-]+==[^ *]+ ", line), line
        assert HASH.search(line), line
    for requirement in asked(name).values():
        assert [part.operator for part in requirement.specifier] == ["=="], requirement


@pytest.mark.parametrize("name", LISTS)
def test_what_is_asked_for_is_what_is_locked(name):
    lock = locked(name)
    for wanted, requirement in asked(name).items():
        assert lock[wanted].specifier == requirement.specifier, wanted


@pytest.mark.parametrize("name", LISTS)
def test_all_that_comes_along_is_locked(name):
    assert needed_in_all(asked(name)) <= set(locked(name))


def test_nothing_is_locked_that_nobody_needs():
    lock = locked("requirements-dev")
    here = {name for name, each in lock.items() if each.marker is None or each.marker.evaluate()}
    assert here == needed_in_all(asked("requirements-dev"))


def test_a_package_has_the_same_version_in_all_lists():
    versions = {}
    for name in LISTS:
        for package, requirement in locked(name).items():
            assert versions.setdefault(package, requirement.specifier) == requirement.specifier


@pytest.mark.parametrize("name", LISTS)
def test_no_index_is_named(name):
    for file in (f"{name}.in", f"{name}.txt"):
        assert not re.search("http|--index|--find", (ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", ["deploy/Dockerfile", "deploy/upgrade", "docs/operations.md"])
def test_servers_install_by_hash_and_build_with_what_was_checked(file):
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    installs = re.findall(r"pip install[^&\n]*", text)
    assert all("--require-hashes" in command for command in installs)
    assert [command.split("/")[-1].split()[-1] for command in installs] == [
        "requirements-build.txt",
        "requirements-mysql.txt",
    ]
    assert "--no-build-isolation" in installs[1]
