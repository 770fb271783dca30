"""What a browser would make of a page: its elements, and what runs without being asked for."""

from collections import Counter
from html.parser import HTMLParser

DATA = {"application/json", "application/ld+json"}


class Reader(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.nodes, self.inline, self.inside = [], [], None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.nodes.append((tag, tuple(sorted(given))))
        self.inline += [
            f"{tag} {name}" for name in given if name.startswith("on") or name == "style"
        ]
        self.inline += [
            f"{tag} {name}"
            for name in ("href", "src", "action", "formaction")
            if (given.get(name) or "").strip().lower().startswith(("javascript:", "vbscript:"))
        ]
        is_script = tag == "script" and "src" not in given and given.get("type") not in DATA
        self.inside = tag if is_script or tag == "style" else None

    def handle_data(self, text):
        if self.inside and text.strip():
            self.inline.append(f"{self.inside}: {text.strip()[:40]}")

    def handle_endtag(self, tag):
        self.inside = None


def nodes(page):
    """The elements of a page in order, each with the names of its attributes."""
    return Reader(page).nodes


def new_nodes(page, before):
    """Elements that `page` has and the page `before` has not, with how many they are."""
    return Counter(nodes(page)) - Counter(nodes(before))


def inline(page):
    """What the policy has to stop: inline scripts, styles and handlers."""
    return Reader(page).inline


class FormReader(HTMLParser):
    """The forms of a page, each as {name: [values]} of what a browser would send."""

    def __init__(self, page):
        super().__init__()
        self.forms, self.area, self.select = [], None, None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name = given.get("name")
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and name and self.is_sent(given):
            self.add(name, given.get("value") or ("on" if "checked" in given else ""))
        elif tag == "textarea":
            self.area = name
            self.add(name, "")
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in given:
            self.add(self.select, given.get("value", ""))

    @staticmethod
    def is_sent(given):
        kind = given.get("type", "text")
        if kind in {"checkbox", "radio"}:
            return "checked" in given
        return kind not in {"submit", "button", "file", "image"}

    def handle_data(self, text):
        if self.area:
            self.forms[-1][self.area][-1] += text

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None

    def add(self, name, value):
        if self.forms:
            self.forms[-1].setdefault(name, []).append(value)


def form_with(page, name):
    """What a browser would send of the page's form that has a field of this name."""
    return next(form for form in FormReader(page).forms if name in form)
