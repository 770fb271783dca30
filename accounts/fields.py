"""Model fields: encrypted text, and text compared byte by byte."""

import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models

TOKEN = "gAAAAA"  # noqa: S105 - every Fernet token begins with its version and a time before 2106


@lru_cache(maxsize=4)
def cipher_for(keys):
    return MultiFernet([Fernet(key) for key in keys])


def cipher():
    """The cipher of settings.FIELD_KEYS: writes with the first key, reads with any."""
    return cipher_for(tuple(settings.FIELD_KEYS))


def blind_index(text):
    """A keyed fingerprint by which an encrypted value can be found and kept unique."""
    key = settings.INDEX_KEY.encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField):
    """Text that only this site's keys can read; the column holds a Fernet token."""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value is None else cipher().encrypt(value.encode()).decode()

    def value_to_string(self, obj):
        """What dumpdata writes: a file of it is no place for the clear text either."""
        return self.get_prep_value(self.value_from_object(obj))

    def to_python(self, value):
        """Reads what value_to_string wrote; other text is taken as it is."""
        if isinstance(value, str) and value.startswith(TOKEN):
            return cipher().decrypt(value.encode()).decode()
        return super().to_python(value)

    def from_db_value(self, value, expression, connection):
        return value if value is None else cipher().decrypt(value.encode()).decode()


def holds_words(field):
    """Whether people write in this column: a text; no choices, no key, no ciphertext."""
    is_text = isinstance(field, models.CharField | models.TextField)
    return is_text and not field.choices and not isinstance(field, EncryptedTextField)


class ExactCharField(models.CharField):
    """Text that differs when any byte differs, on every database.

    MySQL's default collations call two different emoji equal.
    """

    def db_parameters(self, connection):
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            parameters["collation"] = "utf8mb4_bin"
        return parameters
