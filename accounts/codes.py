"""Sending and spending SMS codes, within the limits.

A code is really sent to any mobile, registered here or not, whatever it is for. Anything
else would tell by its time, or by the text that does not come, who has an account; and it
costs no more than registration, which has to text unknown mobiles anyway. Whoever enters the
code has shown that the mobile is theirs, and is then told plainly that it is not registered.

A code is good in the browser that asked for it alone, and its tries are counted there: what
strangers ask for and guess costs the holder of the mobile nothing.
"""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import sms
from accounts.models import CodeError, LoginAttempt, SmsCode, network_of
from accounts.sms_limits import wait_for_text, warn_of_low_purse
from accounts.throttle import gate, seconds_to_wait
from ihome_site.logs import event
from ihome_site.refusals import TooMany

MINUTE, HOUR = 60, 3600
# (wrong codes, seconds) from one address; known devices pass. Only codes that were compared
# count, and to get one takes a captcha and a text, so that neighbours are not stopped lightly.
TRIES_PER_ADDRESS = [(60, HOUR)]


def send_code(mobile, purpose, address, browser, device=""):
    """Send `mobile` a new code for `purpose`; those that `browser` asked for before are dead.

    `device` is the known device of this mobile that asks (accounts.devices), if it is one.
    Raises TooMany when a limit is reached and sms.SmsError when the provider fails.
    """
    code = SmsCode.new_code()
    row = reserve(mobile, purpose, network_of(address), code, browser, device)
    try:
        sms.send(mobile, code, purpose)
    except sms.NotTaken:
        row.note(failed_at=timezone.now(), not_taken=True)
        raise
    except sms.SmsError:
        row.note(failed_at=timezone.now(), expires_at=timezone.now() + SmsCode.LIFE)
        raise
    row.note(expires_at=timezone.now() + SmsCode.LIFE)
    event("code sent", mobile=mobile, purpose=purpose, address=row.address)
    warn_of_low_purse()


def reserve(mobile, purpose, address, code, browser="", device=""):
    """Write the ledger row of a message about to be sent, or raise TooMany.

    The code is good once the message may have left: one that nobody was sent, and that counts
    for nobody, is not there to be guessed at.
    """
    with gate("sms"):
        wait = wait_for_text(mobile, purpose, address, device)
        if wait:
            raise TooMany(too_many_sentence(wait), wait)
        return SmsCode.objects.create(
            mobile=mobile,
            purpose=purpose,
            address=address,
            browser=browser,
            device=device,
            code_hmac=SmsCode.fingerprint(mobile, purpose, code),
            expires_at=timezone.now(),
        )


def too_many_sentence(wait):
    if wait <= MINUTE:
        return _("发得太勤了，请 %(wait)s 秒后再试") % {"wait": wait}
    if wait <= HOUR:
        return _("发得太勤了，请 %(wait)s 分钟后再试") % {"wait": -(-wait // MINUTE)}
    return _("今天发得太多了，请 %(wait)s 小时后再试") % {"wait": -(-wait // HOUR)}


def spend_code(
    mobile, purpose, code, address, browser, device="", user_agent="", judge=lambda: None
):
    """Use up the newest code that `browser` asked for.

    Raises CodeError when it is wrong, old or used, TooMany when too many wrong ones came from
    the address; a known device of this mobile (`device`) does not mind its address. `judge` is
    called once the code was right; when it raises, the code has lost a try and stays good.
    """
    row, attempt = reserve_try(
        mobile, purpose, browser, address=network_of(address), device=device, user_agent=user_agent
    )
    if not row.matches(code):
        raise CodeError(_("短信验证码不对"))
    attempt.delete()
    judge()
    if not row.use():
        raise CodeError(_("验证码已失效，请重新获取"))


def reserve_try(mobile, purpose, browser, **traits):
    """(the code to compare, the row of the try); both count before anything is compared."""
    with gate(mobile, f"code {traits['address']}"):
        if not traits["device"] and SmsCode.objects.newest(mobile, purpose, browser):
            refuse_busy_address(traits["address"])
        row = SmsCode.objects.take_try(mobile, purpose, browser)
        if row is not None:
            method = LoginAttempt.Method.CODE
            return row, LoginAttempt.objects.create(mobile=mobile, method=method, **traits)
    raise CodeError(_("验证码已失效，请重新获取"))


def refuse_busy_address(address):
    method = LoginAttempt.Method.CODE
    wrong = LoginAttempt.objects.wrong(method=method, address=address, device="")
    wait = seconds_to_wait(wrong, TRIES_PER_ADDRESS)
    if wait:
        minutes = -(-wait // MINUTE)
        raise TooMany(_("这个网络试错的验证码太多了，请 %(n)s 分钟后再试") % {"n": minutes}, wait)
