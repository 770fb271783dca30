from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, OuterRef

from accounts.models import Notice, User

NEWS = Exists(Notice.objects.unread().filter(user=OuterRef("pk")))
# Put together once: every request of somebody signed in begins with it.
USERS = User.objects.select_related("real_name").annotate(has_unread=NEWS)


class WithRealName(ModelBackend):
    """Loads the signed-in user with what every page asks for: the real name, and any news."""

    def get_user(self, user_id):
        user = USERS.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
