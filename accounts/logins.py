"""Signing in within the limits."""

from django.utils.translation import gettext as _

from accounts.models import LoginAttempt, network_of
from accounts.throttle import gate, seconds_to_wait
from ihome_site.refusals import TooMany

HOUR, DAY = 3600, 86400
# (failures, seconds): enough for a forgetful owner, hopeless for a guesser.
PER_ACCOUNT = [(25, DAY)]
PER_ADDRESS = [(100, HOUR)]
# What is left to a device that has signed in here before, when strangers used up the rest.
PER_KNOWN_DEVICE = [(5, DAY)]


def reserve_attempt(mobile, address, device="", user_agent=""):
    """Write the row of a sign-in about to be tried; it counts as failed until it succeeds.

    `device` is the id of a device known to this account (accounts.devices), if it is one;
    `user_agent` is what the browser calls itself, at most 255 characters.
    Raises TooMany when the account or the address has failed too often.
    """
    address = network_of(address)
    failures = LoginAttempt.objects.filter(succeeded=False)
    with gate(f"login {mobile}", f"login {address}"):
        of_account = failures.filter(mobile=mobile)
        wait = seconds_to_wait(of_account, PER_ACCOUNT)
        if wait and device:
            wait = seconds_to_wait(of_account.filter(device=device), PER_KNOWN_DEVICE)
        wait = max(wait, seconds_to_wait(failures.filter(address=address), PER_ADDRESS))
        if wait:
            hours = -(-wait // HOUR)
            raise TooMany(_("试得太多了，请 %(n)s 小时后再试，或用短信登录") % {"n": hours}, wait)
        return LoginAttempt.objects.create(
            mobile=mobile, address=address, device=device, user_agent=user_agent
        )
