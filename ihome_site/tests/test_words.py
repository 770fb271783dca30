"""Every visible string can be translated: no Chinese outside gettext."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

CHINESE = re.compile("[\u4e00-\u9fff]")
GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
# These stand alone: they must work when nothing else does.
ALONE = {"_alone.html", "400.html", "500.html", "503.html"}
TEMPLATES = [
    path
    for path in sorted((settings.BASE_DIR / "templates").rglob("*.html"))
    if path.name not in ALONE
]
MODULES = [
    path
    for app in ("accounts", "houses", "orders", "ihome_site")
    for path in sorted((settings.BASE_DIR / app).rglob("*.py"))
    if not {"tests", "migrations", "demo"} & set(path.parts)
    # dossier.py words a file for one Chinese reader, not a page.
    and path.name not in {"bulk.py", "demo.py", "dossier.py", "testing.py"}
]
# Marks that belong to the notation, not to a language: of dates, and digits to be recognised.
NOTATION = {*"月日年", *"〇一二三四五六七八九幺两"}


def named(path):
    return str(path.relative_to(settings.BASE_DIR))


def outside_gettext(template):
    """The text of a template without comments, translated blocks and expressions."""
    text = re.sub(r"{#.*?#}", "", template, flags=re.DOTALL)
    text = re.sub(r"{% *trans.*?{% *endtrans *-?%}", "", text, flags=re.DOTALL)
    text = re.sub(r"""_\(\s*("[^"]*"|'[^']*')""", "", text)
    return re.sub(r"""ngettext\(\s*("[^"]*"|'[^']*')\s*,\s*("[^"]*"|'[^']*')""", "", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_templates_speak_through_gettext(path):
    assert not CHINESE.findall(outside_gettext(path.read_text()))


def spoken(tree):
    """Chinese string constants of a module that are not arguments of gettext or docstrings."""
    allowed = {
        id(node)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in GETTEXT
        for argument in call.args
        for node in ast.walk(argument)
    }
    allowed |= {
        id(statement.value) for statement in ast.walk(tree) if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in allowed else ""
        if isinstance(text, str) and not set(CHINESE.findall(text)) <= NOTATION:
            yield text


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_modules_speak_through_gettext(path):
    assert not list(spoken(ast.parse(Path(path).read_text())))
