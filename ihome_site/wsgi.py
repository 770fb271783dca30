import os

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ihome_site.settings")

django = get_wsgi_application()


def application(environ, start_response):
    environ["CONTENT_TYPE"] = plain_content_type(environ.get("CONTENT_TYPE", ""))
    return django(environ, start_response)


def plain_content_type(text):
    """A Content-Type reduced to what the site reads: the type, and a form's boundary.

    Django decodes by whatever charset the visitor names, and `unicode-escape` or `hex` break
    pages and databases; what the site takes is UTF-8.
    """
    try:
        kind, parameters = parse_header_parameters(text)
    except (ValueError, LookupError):  # an RFC 2231 parameter in an encoding nobody knows
        return ""
    boundary = parameters.get("boundary")
    return f'{kind}; boundary="{boundary}"' if boundary and '"' not in boundary else kind
