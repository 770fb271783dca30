"""Answers that belong to no app: health checks, media, refusals."""

import errno
import sys

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, connection
from django.http import Http404, HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import DetailView
from django.views.static import serve

from ihome_site.logs import request_id
from ihome_site.middleware import not_now, too_large
from ihome_site.models import HelpArticle

MEDIA_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
# What opening says of a file that is not there, was deleted meanwhile, or never could be.
NO_SUCH_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
A_YEAR = 365 * 24 * 3600  # seconds; a photo's name changes with its content


@require_safe
def healthz(request):
    """The process answers; nothing behind it is asked."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request):
    """The database and the cache answer."""
    state = {"database": database_answers(), "cache": cache_answers()}
    ready = all(state.values())
    return JsonResponse({"ok": ready, **state}, status=200 if ready else 503)


def database_answers():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False


def cache_answers():
    try:
        cache.set("readyz", "ok", 10)
        return cache.get("readyz") == "ok"
    except OSError:
        return False


@require_safe
def media(request, path):
    try:
        response = serve(request, path, document_root=settings.MEDIA_ROOT)
    except OSError as error:
        if error.errno in NO_SUCH_FILE:
            raise Http404 from error
        raise
    response["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    response["Content-Security-Policy"] = MEDIA_POLICY
    return response


# Refusals. Django's own read the form once more to check its token, which fails once more
# when an unreadable form was what went wrong.


def csrf_failure(request, reason=""):
    return render(request, "403_csrf.html", status=403)


def bad_request(request, exception):
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return render(request, "400.html", status=400)


def forbidden(request, exception):
    return render(request, "403.html", status=403)


def not_found(request, exception):
    return render(request, "404.html", status=404)


def server_error(request):
    """What no view answered. A database that fails in a middleware is still only "not now"."""
    if answer := not_now(request, sys.exc_info()[1]):
        return answer
    page = loader.get_template("500.html").render({"request_id": request_id.get()})
    return HttpResponseServerError(page)


class HelpView(DetailView):
    template_name = "help.html"
    context_object_name = "article"

    def get_queryset(self):
        return HelpArticle.objects.filter(is_published=True)
