"""System checks of what only the running database can tell."""

from django.core.checks import Error, Tags, register
from django.db import connections

NEEDED = "READ-COMMITTED"


@register(Tags.database)
def isolation_level(app_configs=None, databases=None, **kwargs):
    """Booking locks the house and then reads its nights; at REPEATABLE READ it would read old ones.

    Database checks run before every `migrate`.
    """
    return [
        Error(
            f"The database works at {level}, booking needs {NEEDED}.",
            hint="Something overrides isolation_level of ihome_site.environment.",
            id="ihome.E001",
        )
        for level in map(transaction_isolation, (connections[name] for name in databases or []))
        if level != NEEDED
    ]


def transaction_isolation(connection):
    """The level this connection really has. SQLite's writers are alone anyway."""
    if connection.vendor != "mysql":
        return NEEDED
    # MariaDB before 11.1 and MySQL before 8 know the first name, later ones the second.
    with connection.cursor() as cursor:
        cursor.execute(
            "SHOW VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')"
        )
        return cursor.fetchone()[1]
