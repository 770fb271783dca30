"""The site with the guards of booking taken off: the control arm of the races.

No transaction and no lock, and the same hold-up as in the race with guards. The unique nights
are taken off by the test itself.
"""

from django.db.models import QuerySet

from ihome_site import locking

locking.durable = lambda function: function
QuerySet.select_for_update = lambda self: self.all()

from ihome_site.tests.held_up_wsgi import application  # noqa: E402

__all__ = ["application"]
