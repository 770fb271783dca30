"""Logs as JSON lines: one object a record, with the id of the request it belongs to."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

from ihome_site.masking import masked

request_id = ContextVar("request_id", default="")

LINE_BREAK = re.compile("[\x7f-\x9f\u2028\u2029]")  # JSON leaves them; readers of lines do not

events = logging.getLogger("ihome.events")


def event(name, **fields):
    """Log that something worth an operator's attention happened: event("signed in", user=5)."""
    events.info(name, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """Nothing logs secrets on purpose. A database's own error can: "Duplicate entry '139…'"."""

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
