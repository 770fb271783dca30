import time

from django.conf import settings
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError

from houses.models import Area
from ihome_site import images
from orders.bulk import BulkRun


class Command(BaseCommand):
    help = "Make N houses with orders and nights, for speed runs. Not for a database in use."

    def add_arguments(self, parser):
        parser.add_argument("count", type=int)

    def handle(self, count, **options):
        if count < 1:
            raise CommandError("N must be 1 or more")
        if not Area.objects.exists():
            raise CommandError("load the districts first: manage.py loaddata areas facilities")
        began = time.monotonic()
        for done in BulkRun(count, list(self.photos())).chunks():
            self.stdout.write(f"{done} of {count} houses, {time.monotonic() - began:.0f} s")

    def photos(self):
        """The demo covers, stored once and shared by all."""
        for path in sorted(settings.BASE_DIR.glob("fixtures/demo/home??-1.webp")):
            with path.open("rb") as file:
                stored = images.store(images.read(File(file)), "houses", images.PHOTO_WIDTHS)
            yield stored.name, stored.width, stored.height
