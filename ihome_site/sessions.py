"""Sessions in the database, with copies in Redis for as long as it takes what is written."""

from django.contrib.sessions.backends import cached_db, db

from ihome_site.caching import redis_takes_writes


class SessionStore(cached_db.SessionStore):
    def load(self):
        """A copy that Redis refuses to delete would outlive its session."""
        if redis_takes_writes():
            return super().load()
        return db.SessionStore.load(self)
