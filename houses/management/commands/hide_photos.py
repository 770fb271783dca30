from django.core.management.base import BaseCommand

from houses.models import House
from houses.photo_files import hide_photos


class Command(BaseCommand):
    help = "Give photos of homes that operators took off names nobody knows, where not yet done."

    def handle(self, **options):
        self.stdout.write(f"renamed the photos of {hide_photos(House.objects.all())} houses")
