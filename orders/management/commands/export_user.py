import json

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from accounts.models import User
from orders.dossier import dossier


class Command(BaseCommand):
    help = "Print all that is held about the user with this mobile, as JSON."

    def add_arguments(self, parser):
        parser.add_argument("mobile")

    def handle(self, mobile, **options):
        user = User.objects.filter(mobile=mobile).first()
        if user is None:
            raise CommandError("no user has this mobile")
        pages = dossier(user)
        self.stdout.write(json.dumps(pages, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
