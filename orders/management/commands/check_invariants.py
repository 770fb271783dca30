from django.core.management.base import BaseCommand, CommandError

from orders.invariants import broken_rules


class Command(BaseCommand):
    help = "Check what must always hold; a line for each broken rule, exit 1 when there is one."

    def handle(self, **options):
        broken = 0
        for line in broken_rules():
            self.stdout.write(line)
            broken += 1
        if broken:
            raise CommandError(f"{broken} broken", returncode=1)
        self.stdout.write("all invariants hold")
