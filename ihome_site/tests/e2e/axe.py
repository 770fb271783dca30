"""axe-core, the accessibility checker: fetched once by npm, never part of the project."""

import shutil
import subprocess
import tarfile

from django.conf import settings

VERSION = "4.14.1"
FOLDER = settings.VAR_DIR / "e2e"
SCRIPT = f"axe-core-{VERSION}.js"
GRAVE = {"serious", "critical"}


class Missing(Exception):
    """The checker could not be fetched; the text says why."""


def source():
    """The checker's script. Raises Missing where npm is, or cannot fetch it."""
    path = FOLDER / SCRIPT
    if not path.is_file():
        fetch(path)
    return path.read_text(encoding="utf-8")


def fetch(path):
    npm = shutil.which("npm")
    if not npm:
        raise Missing(f"npm is missing: it fetches axe-core {VERSION} into {FOLDER}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", f"axe-core@{VERSION}", "--silent", "--pack-destination", str(FOLDER)]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise Missing(f"npm could not fetch axe-core {VERSION}")
    with tarfile.open(FOLDER / f"axe-core-{VERSION}.tgz") as package:
        script = package.extractfile("package/axe.min.js").read()
    # Two test processes may be here at once: a whole file or none.
    whole = path.with_suffix(".part")
    whole.write_bytes(script)
    whole.replace(path)


def findings(page, script):
    """What is wrong on the page, gravely, as lines for people."""
    page.evaluate(script)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{rule['id']}: {node['target'][0]} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]
