"""Pages of a list that are never counted: one row more than shown tells of the next page."""

import re

MAX_PAGE = 50  # deeper pages cost more than anybody reads
NUMBER = re.compile("[0-9]{1,4}")


class Page:
    """A slice of `rows`. `number` is clamped to 1…MAX_PAGE."""

    before = after = 0  # rows around the page that `arrange` needs to see

    def __init__(self, rows, number, size):
        self.number = clamped(number)
        start = (self.number - 1) * size
        before = min(start, self.before)
        around = list(rows[start - before : start + size + 1 + self.after])
        found = self.arrange(around)[before:]
        self.items = found[:size]
        self.has_next = len(found) > size and self.number < MAX_PAGE
        self.has_previous = self.number > 1
        self.size, self.is_last = size, len(found) <= size

    def arrange(self, rows):
        """The rows in another order, in which every page agrees where each of them stands."""
        return rows

    @property
    def count(self):
        """How many rows there are in all, None when this page does not tell."""
        if self.is_last and (self.items or self.number == 1):
            return (self.number - 1) * self.size + len(self.items)
        return None

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)


def clamped(number):
    return min(max(number, 1), MAX_PAGE)


def page_number(text):
    """The page asked for in a query string; 1 for anything that is not a number."""
    return int(text) if text and NUMBER.fullmatch(text) else 1


def page_of(rows, request, size):
    return Page(rows, page_number(request.GET.get("p")), size)
