from django.core.management.base import BaseCommand, CommandError

from ihome_site.media import disagreements


class Command(BaseCommand):
    help = "Find rows without files and files without rows; a line for each, exit 1 for any."

    def handle(self, **options):
        found = 0
        for line in disagreements():
            self.stdout.write(line)
            found += 1
        if found:
            raise CommandError(f"{found} disagreements", returncode=1)
        self.stdout.write("rows and files agree")
