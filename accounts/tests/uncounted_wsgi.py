"""The site without its limits a day, its transactions and its locks: the control arm."""

from ihome_site.tests.unguarded_wsgi import application  # isort: skip - takes durable off first

from accounts.tests import unguarded_wsgi

__all__ = ["application", "unguarded_wsgi"]
