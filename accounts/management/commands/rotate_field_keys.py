from collections import Counter

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, TextField
from django.db.models.functions import Cast

from accounts.fields import blind_index, cipher
from accounts.models import RealName

CHUNK = 200  # rows read at a time


class Command(BaseCommand):
    help = """Seal ID numbers with the newest of FIELD_KEYS, and find them by the present INDEX_KEY.

    Each row is written by itself: stopped half-way, the command goes on where it was. An old
    key may be taken out of FIELD_KEYS when --check says that no row needs it. With a changed
    INDEX_KEY the site must not run meanwhile: it would not recognise a card proved before."""

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="only count, change nothing")

    def handle(self, check, **options):
        self.newest = Fernet(settings.FIELD_KEYS[0])
        counts, unreadable = Counter(), []
        for pk, token, index in self.rows():
            try:
                changes = self.changes(token, index)
            except InvalidToken:
                unreadable.append(str(pk))
                continue
            counts.update(changes.keys())
            if changes and not check:
                RealName.objects.filter(pk=pk).update(**changes)
        self.report(counts, check)
        if unreadable:
            raise CommandError(f"no key reads the rows {', '.join(unreadable)}")

    def report(self, counts, check):
        old, fingerprints = counts["sealed_id_card"], counts["id_card_index"]
        verb = "are" if check else "were"
        self.stdout.write(f"{old} rows {verb} on old keys, {fingerprints} on an old index key")

    def changes(self, token, index):
        """What has to be written again. Raises InvalidToken when no key reads the row."""
        sealed = cipher().decrypt(token.encode()).decode()
        right_index = blind_index(sealed.partition(":")[2])
        changes = {} if self.is_new(token) else {"sealed_id_card": sealed}
        return changes if index == right_index else changes | {"id_card_index": right_index}

    def rows(self):
        """(id, token as stored, index) of every row; the field itself would decrypt it."""
        stored = Cast(F("sealed_id_card"), TextField())
        rows = RealName.objects.annotate(stored=stored).order_by("pk")
        last = 0
        while chunk := rows.filter(pk__gt=last).values_list("pk", "stored", "id_card_index")[
            :CHUNK
        ]:
            yield from chunk
            last = chunk[len(chunk) - 1][0]

    def is_new(self, token):
        try:
            self.newest.decrypt(token.encode())
        except InvalidToken:
            return False
        return True
