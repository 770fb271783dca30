from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from ihome_site.caching import settle
from orders.erasure import ErasureError, erase


class Command(BaseCommand):
    help = "Erase the user with this mobile. Orders stay, with an anonymous guest or owner."

    def add_arguments(self, parser):
        parser.add_argument("mobile", nargs="?")
        parser.add_argument("--id", type=int, help="their number instead, after a restore")

    def handle(self, mobile, id, **options):
        if (mobile is None) == (id is None):
            raise CommandError("name one user, by mobile or by --id")
        user = User.objects.filter(**({"pk": id} if mobile is None else {"mobile": mobile})).first()
        if user is None:
            raise CommandError("no user has this mobile")
        try:
            to_look_at = erase(user)
        except ErasureError as refusal:
            raise CommandError(str(refusal)) from None
        for line in to_look_at:  # not to stdout, which is kept: see docs/operations.md
            self.stderr.write(line)
        if not settle():
            raise CommandError(
                "erased, but Redis does not answer: for ten more minutes at most, pages kept from"
                " before may be shown; empty it to be rid of them at once"
            )
        self.stdout.write(f"erased; the row is now {user.pk} without a name or mobile")
