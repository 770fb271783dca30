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
