"""A new password typed at the console, for operators who cannot get in any more."""

from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError

from accounts import devices
from accounts.models import User

TRIES = 3


class Command(changepassword.Command):
    """In place of Django's, which saves the whole row; sessions of the user end as well."""

    def handle(self, *args, username, **options):
        user = User.objects.filter(mobile=username).first()
        if user is None:
            raise CommandError(f"{username} is nobody's mobile")
        user.write_password(self.new_password(user))
        devices.end(user.devices.all())
        return f"{user} has a new password"

    def new_password(self, user):
        """Asked for twice, until both agree and are good enough. Raises CommandError."""
        for _n in range(TRIES):
            password, again = self._get_pass(), self._get_pass("Password (again): ")
            if password != again:
                self.stderr.write("These are two different passwords.")
                continue
            try:
                validate_password(password, user)
                return password
            except ValidationError as error:
                self.stderr.write("\n".join(error.messages))
        raise CommandError(f"No usable password in {TRIES} tries")
