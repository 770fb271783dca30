"""Comparing a password within the limits.

No account is ever locked: whoever guesses slows themselves down, and nobody else.
"""

from django.utils.translation import gettext as _

from accounts.models import LoginAttempt, network_of
from accounts.throttle import gate, seconds_to_wait
from ihome_site.refusals import TooMany

HOUR, DAY = 3600, 86400
# (failures, seconds): enough for a forgetful owner, hopeless for a guesser.
WITHOUT_CAPTCHA = [(5, DAY)]  # of an account, from all unknown devices together
FROM_AN_ADDRESS = [(20, HOUR)]  # of all accounts; or it were cheap to stop the neighbours
PER_PAIR = [(25, DAY)]  # of an account, from one address
PER_ADDRESS = [(100, HOUR)]
# Of a device that has signed in to the account before; afterwards it is like any other.
PER_KNOWN_DEVICE = [(5, DAY)]
RIGHT = [(60, HOUR)]  # each costs a hash and a row
PER_SESSION = [(25, DAY)]  # old passwords given by who is signed in to the account


class CaptchaNeeded(Exception):
    """So many passwords were wrong that a person has to show to be one."""


def reserve_attempt(mobile, address, device="", user_agent="", captcha=False):
    """Write the row of a sign-in about to be tried; it counts as failed until it succeeds.

    `device` is the id of a device known to this account (accounts.devices), if it is one;
    `user_agent` is what the browser calls itself, at most 255 characters; `captcha` is whether
    one was solved for this attempt. Raises TooMany, or CaptchaNeeded. A mobile without an
    account is counted alike.
    """
    address = network_of(address)
    with gate(f"login {mobile}", f"login {address}"):
        refuse_often(mobile, LoginAttempt.Method.PASSWORD)
        device = device_with_room(mobile, device)
        if not device:
            refuse(mobile, address)
            if not captcha and is_guessed(mobile, address):
                raise CaptchaNeeded
        return LoginAttempt.objects.create(
            mobile=mobile, address=address, device=device, user_agent=user_agent
        )


def reserve_old_password(user, address, user_agent=""):
    """The same for the password asked of who is signed in. Counted apart from signing in, so
    that neither a session left open nor a stranger at the sign-in page stops the other."""
    mobile, method = user.mobile, LoginAttempt.Method.CHANGE
    with gate(f"login {mobile}"):
        refuse_often(mobile, method)
        refuse_after(LoginAttempt.objects.wrong(mobile=mobile, method=method), PER_SESSION)
        return LoginAttempt.objects.create(
            mobile=mobile, address=network_of(address), user_agent=user_agent, method=method
        )


def is_captcha_needed(mobile, address, device=""):
    """Whether a sign-in from here would need a captcha now; to know what to ask for."""
    return not device_with_room(mobile, device) and is_guessed(mobile, network_of(address))


def device_with_room(mobile, device):
    """`device`, or "" when it has used up its own budget."""
    own = LoginAttempt.objects.wrong_passwords(mobile=mobile, device=device)
    return "" if not device or seconds_to_wait(own, PER_KNOWN_DEVICE) else device


def is_guessed(mobile, address):
    """Whether strangers have failed so often, at this account or from this address."""
    strangers = LoginAttempt.objects.wrong_passwords(device="")
    at_it = seconds_to_wait(strangers.filter(mobile=mobile), WITHOUT_CAPTCHA)
    return bool(at_it or seconds_to_wait(strangers.filter(address=address), FROM_AN_ADDRESS))


def refuse(mobile, address):
    """Raises TooMany when unknown devices have failed too often from this address."""
    here = LoginAttempt.objects.wrong_passwords(address=address, device="")
    refuse_after(here.filter(mobile=mobile), PER_PAIR)
    refuse_after(here, PER_ADDRESS)


def refuse_often(mobile, method):
    """Raises TooMany when the right password was given again and again: only who has it can."""
    right = LoginAttempt.objects.filter(mobile=mobile, method=method, succeeded=True)
    if wait := seconds_to_wait(right, RIGHT):
        raise TooMany(_("密码用得太频繁了，请过一会儿再试"), wait)


def refuse_after(failures, limits):
    wait = seconds_to_wait(failures, limits)
    if wait:
        hours = -(-wait // HOUR)
        raise TooMany(_("试得太多了，请 %(n)s 小时后再试，或用短信登录") % {"n": hours}, wait)
