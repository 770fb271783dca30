import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

# Hashes a process makes at a time: more take no less time, and 46 MiB each.
TOGETHER = 2
turns = threading.BoundedSemaphore(TOGETHER)


class Argon2(Argon2PasswordHasher):
    """Argon2id at OWASP's 46 MiB setting: a quarter of the time of Django's default.

    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    """

    time_cost = 1
    memory_cost = 47104
    parallelism = 1

    def encode(self, password, salt):
        with turns:
            return super().encode(password, salt)

    def verify(self, password, encoded):
        with turns:
            return super().verify(password, encoded)
