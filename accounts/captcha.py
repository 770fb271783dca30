"""The image captcha: our own challenge, and an answer that counts once."""

import secrets

from captcha.models import CaptchaStore
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import network_of

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B: people read them on a phone.
LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"
LENGTH = 4
PER_NETWORK = 60  # unanswered pictures kept for one visitor; more people share an address rarely
SWEEP = 5  # expired rows that each new one takes away, so that the table stays small by itself


def challenge():
    """(text to draw, answer) for django-simple-captcha."""
    text = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return text, text.lower()


def new_key(address):
    """Store a new captcha for a visitor; the key names its picture at the URL `captcha-image`.

    The key begins with a fingerprint of the visitor's network: somebody who asks for pictures
    without end pushes out their own oldest ones, and the table does not grow.
    """
    network = salted_hmac("accounts.captcha", network_of(address)).hexdigest()[:12]
    sweep(network)
    key = network + secrets.token_hex(14)
    text, answer = challenge()
    CaptchaStore.objects.create(challenge=text, response=answer, hashkey=key)
    return key


def sweep(network):
    """Make room: the oldest rows if they have expired, and this network's beyond its share."""
    oldest = CaptchaStore.objects.order_by("pk").values_list("pk", "expiration")[:SWEEP]
    gone = [pk for pk, expiration in oldest if expiration <= timezone.now()]
    # A range, which the unique index answers; LIKE does not use it on SQLite.
    own = CaptchaStore.objects.filter(hashkey__gte=network, hashkey__lt=network + "g")
    gone += own.order_by("-pk").values_list("pk", flat=True)[PER_NETWORK - 1 :]
    if gone:
        CaptchaStore.objects.filter(pk__in=gone).delete()


def claim(key, answer):
    """True once, for the first right answer in time; after any answer the captcha is dead.

    The counted DELETE decides: of many equal answers at once only one deletes the row.
    """
    alive = CaptchaStore.objects.filter(hashkey=key, expiration__gt=timezone.now())
    right = alive.filter(response=answer.strip().lower()).delete()[0] == 1
    if not right:
        CaptchaStore.objects.filter(hashkey=key).delete()
    return right
