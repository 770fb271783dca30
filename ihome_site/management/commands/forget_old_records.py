from django.core.management.base import BaseCommand

from ihome_site.records import forget_old_records
from orders.erasure import erase_what_came_after


class Command(BaseCommand):
    help = (
        "Delete sign-ins, texts and operations older than the site parameter record_days,"
        " and what a request under way wrote for somebody who was just erased."
    )

    def handle(self, **options):
        for name, count in forget_old_records().items():
            self.stdout.write(f"{name} {count}")
        self.stdout.write(f"erased lately: {erase_what_came_after()}")
