from django.core.management.base import BaseCommand

from ihome_site.records import forget_old_records


class Command(BaseCommand):
    help = "Delete sign-ins, texts and operations older than the site parameter record_days."

    def handle(self, **options):
        for name, count in forget_old_records().items():
            self.stdout.write(f"{name} {count}")
