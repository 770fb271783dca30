"""The image captcha: our own challenge, and an answer that counts once, in one browser."""

import secrets

from captcha.models import CaptchaStore
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import network_of

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B: people read them on a phone.
LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"
LENGTH = 4
PER_BROWSER = 60  # unanswered pictures kept for one browser, in all its tabs
# … and for one network. A whole office or carrier may share an address: at 100 pictures a second,
# more than three times what nginx lets through, each still lives for 50 seconds.
PER_NETWORK = 5000
SWEEP = 5  # expired rows that each new one takes away, so that the table stays small by itself
# A key is a fingerprint of the network, one of the browser, and what nobody can guess.
NETWORK, BROWSER, RANDOM = 8, 12, 20


def challenge():
    """(text to draw, answer) for django-simple-captcha."""
    text = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return text, text.lower()


def fingerprint(kind, text, length):
    return salted_hmac(f"accounts.captcha.{kind}", text).hexdigest()[:length]


def browser_part(browser):
    return fingerprint("browser", browser, BROWSER)


def new_key(browser, address):
    """Store a new captcha for a browser; the key names its picture at the URL `captcha-image`.

    Whoever asks for pictures without end pushes out their own oldest ones.
    """
    network = fingerprint("network", network_of(address), NETWORK)
    own = network + browser_part(browser)
    sweep(network, own)
    key = own + secrets.token_hex(RANDOM // 2)
    text, answer = challenge()
    CaptchaStore.objects.create(challenge=text, response=answer, hashkey=key)
    return key


def sweep(network, own):
    """Make room: the oldest rows if they have expired, and what is beyond a share."""
    oldest = CaptchaStore.objects.order_by("pk").values_list("pk", "expiration")[:SWEEP]
    gone = [pk for pk, expiration in oldest if expiration <= timezone.now()]
    gone += beyond(own, PER_BROWSER)
    # Counting reads the index alone; ordering would read thousands of rows.
    if beginning_with(network).count() >= PER_NETWORK:
        gone += beyond(network, PER_NETWORK)
    if gone:
        CaptchaStore.objects.filter(pk__in=gone).delete()


def beyond(prefix, share):
    """The keys of the rows that leave no room for one more within `share`."""
    return beginning_with(prefix).order_by("-pk").values_list("pk", flat=True)[share - 1 :]


def beginning_with(prefix):
    """A range, which the unique index answers; LIKE does not use it on SQLite."""
    return CaptchaStore.objects.filter(hashkey__gte=prefix, hashkey__lt=prefix + "g")


def belongs_to(key, browsers):
    return key[NETWORK : NETWORK + BROWSER] in {browser_part(browser) for browser in browsers}


def claim(key, answer, browsers):
    """True once, for the first right answer in time; after any answer the captcha is dead.

    Only for one of `browsers`, the ids that the visitor has shown: to anybody else the captcha
    says no and lives on. The counted DELETE decides: of many equal answers at once only one
    deletes the row.
    """
    if not belongs_to(key, browsers):
        return False
    alive = CaptchaStore.objects.filter(hashkey=key, expiration__gt=timezone.now())
    answer = answer.strip().lower()  # in ASCII: MySQL takes á for a
    right = answer.isascii() and alive.filter(response=answer).delete()[0] == 1
    if not right:
        CaptchaStore.objects.filter(hashkey=key).delete()
    return right
