from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from orders.erasure import ErasureError, erase


class Command(BaseCommand):
    help = "Erase the user with this mobile. Orders stay, with an anonymous guest or owner."

    def add_arguments(self, parser):
        parser.add_argument("mobile")

    def handle(self, mobile, **options):
        user = User.objects.filter(mobile=mobile).first()
        if user is None:
            raise CommandError("no user has this mobile")
        try:
            erase(user)
        except ErasureError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"erased; the row is now {user.pk} without a name or mobile")
