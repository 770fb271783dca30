"""Sending and spending SMS codes, within the limits.

A code is really sent to any mobile, registered here or not, whatever it is for. Anything
else would tell by its time, or by the text that does not come, who has an account; and it
costs no more than registration, which has to text unknown mobiles anyway. Whoever enters the
code has shown that the mobile is theirs, and is then told plainly that it is not registered.
"""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import sms
from accounts.models import CodeError, SmsCode, network_of
from accounts.throttle import gate, seconds_to_wait
from ihome_site.logs import event
from ihome_site.refusals import TooMany

MINUTE, HOUR, DAY = 60, 3600, 86400
# (messages, seconds). Someone who wants to annoy a stranger or empty our purse stops here.
PER_MOBILE = [(5, HOUR), (10, DAY)]
ONE_A_MINUTE = [(1, SmsCode.WAIT)]
PER_ADDRESS = [(30, HOUR), (100, DAY)]
PER_SITE = [(500, HOUR), (3000, DAY)]


def send_code(mobile, purpose, address):
    """Send `mobile` a new code for `purpose`; the codes sent before are dead.

    Raises TooMany when a limit is reached and sms.SmsError when the provider fails.
    """
    code = SmsCode.new_code()
    row = reserve(mobile, purpose, network_of(address), code)
    try:
        sms.send(mobile, code, purpose)
    except sms.SmsError:
        row.failed_at = timezone.now()
        row.save(update_fields=["failed_at", "updated_at"])
        raise
    event("code sent", mobile=mobile, purpose=purpose, address=row.address)


def reserve(mobile, purpose, address, code):
    """Write the ledger row of a message about to be sent, or raise TooMany.

    A message that failed may be tried again at once. It still counts by the hour and the day,
    for a provider that did not answer in time may have delivered it.
    """
    to_mobile = SmsCode.objects.filter(mobile=mobile)
    with gate("sms"):
        wait = max(
            seconds_to_wait(to_mobile.filter(failed_at=None), ONE_A_MINUTE),
            seconds_to_wait(to_mobile, PER_MOBILE),
            seconds_to_wait(SmsCode.objects.filter(address=address), PER_ADDRESS),
            seconds_to_wait(SmsCode.objects.all(), PER_SITE),
        )
        if wait:
            raise TooMany(too_many_sentence(wait), wait)
        return SmsCode.objects.create(
            mobile=mobile,
            purpose=purpose,
            address=address,
            code_hmac=SmsCode.fingerprint(mobile, purpose, code),
            expires_at=timezone.now() + SmsCode.LIFE,
        )


def too_many_sentence(wait):
    if wait <= MINUTE:
        return _("发得太勤了，请 %(wait)s 秒后再试") % {"wait": wait}
    if wait <= HOUR:
        return _("发得太勤了，请 %(wait)s 分钟后再试") % {"wait": -(-wait // MINUTE)}
    return _("今天发得太多了，请 %(wait)s 小时后再试") % {"wait": -(-wait // HOUR)}


def spend_code(mobile, purpose, code):
    """Use up the newest code of `mobile`. Raises CodeError when it is wrong, old or used."""
    with gate(mobile):
        row = SmsCode.objects.take_try(mobile, purpose)
    if row is None:
        raise CodeError(_("验证码已失效，请重新获取"))
    if not row.matches(code):
        raise CodeError(_("短信验证码不对"))
    if not row.use():
        raise CodeError(_("验证码已失效，请重新获取"))
