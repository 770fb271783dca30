"""Logs as JSON lines: one object a record, with the id of the request it belongs to."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

request_id = ContextVar("request_id", default="")

# Nothing logs these on purpose. A database's own error message can: "Duplicate entry '139…'".
MOBILE = re.compile("(?<![0-9])((?:86)?1[3-9][0-9])[0-9]{4}([0-9]{4})(?![0-9])")
ID_CARD = re.compile("(?<![0-9])([1-8])[0-9]{16}([0-9Xx])(?![0-9])")
LINE_BREAK = re.compile("[\x7f-\x9f\u2028\u2029]")  # JSON leaves them; readers of lines do not

events = logging.getLogger("ihome.events")


def event(name, **fields):
    """Log that something worth an operator's attention happened: event("signed in", user=5)."""
    events.info(name, extra={"fields": fields})


def masked(text):
    """`text` with the middle of every mobile and ID number in it starred."""
    text = ID_CARD.sub(lambda found: f"{found[1]}{'*' * 16}{found[2]}", text)
    return MOBILE.sub(r"\1****\2", text)


class JsonLines(logging.Formatter):
    def format(self, record):
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        for name, value in getattr(record, "fields", {}).items():
            line[name] = masked(value) if isinstance(value, str) else value
        if record.exc_info:
            line["traceback"] = masked(self.formatException(record.exc_info))
        text = json.dumps(line, ensure_ascii=False, default=str)
        return LINE_BREAK.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
