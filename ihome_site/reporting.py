import html
import traceback

from django.views.debug import ExceptionReporter

from ihome_site.logs import request_id
from ihome_site.masking import masked


class TracebackAlone(ExceptionReporter):
    """An error mail without what the visitor sent: no form, query, cookie or local variable.

    Django stars values whose names sound secret; a mobile, an ID number and a text message's
    code have other names. The traceback and the request's id are enough to find a fault.
    """

    def get_traceback_text(self):
        lines = traceback.format_exception(self.exc_type, self.exc_value, self.tb)
        return masked(f"request {request_id.get()}\n{''.join(lines)}")

    def get_traceback_html(self):
        return f"<pre>{html.escape(self.get_traceback_text())}</pre>"
