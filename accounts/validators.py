"""Mainland mobile numbers and resident ID numbers."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MOBILE = re.compile("1[3-9][0-9]{9}")
ID_CARD = re.compile("[1-8][0-9]{16}[0-9X]")
# GB 11643-1999, 4.2.4: weights of the first 17 digits and the check characters (ISO 7064 MOD 11-2).
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
ADULT = 18  # years; a contract with a minor does not hold
OLDEST = 130  # years; an earlier birth date is a typing error


def validate_mobile(text):
    """Raises ValidationError unless `text` is 1[3-9] and nine ASCII digits."""
    if not MOBILE.fullmatch(text):
        raise ValidationError(_("请输入 11 位大陆手机号"), code="mobile")


def id_check_character(digits):
    """The 18th character that belongs to the first 17 digits (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, ID_WEIGHTS, strict=True))
    return ID_CHECKS[total % 11]


def birth_date(id_card):
    """The date of birth in positions 7–14. Raises ValueError when there is no such day."""
    return date(int(id_card[6:10]), int(id_card[10:12]), int(id_card[12:14]))


def years_between(born, today):
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def validate_id_card(text):
    """Raises ValidationError unless `text` is an adult's 18-character ID number (GB 11643).

    The region prefix is not looked up: lists go stale, and 81/82/83 are given to residents
    from Hong Kong, Macau and Taiwan.
    """
    if not ID_CARD.fullmatch(text):
        raise ValidationError(_("请输入 18 位身份证号"), code="format")
    try:
        age = years_between(birth_date(text), timezone.localdate())
    except ValueError:
        raise ValidationError(_("身份证号里的出生日期不对"), code="birth") from None
    if not 0 <= age <= OLDEST:
        raise ValidationError(_("身份证号里的出生日期不对"), code="birth")
    if id_check_character(text[:17]) != text[17]:
        raise ValidationError(_("身份证号校验不通过，请核对每一位"), code="checksum")
    if age < ADULT:
        raise ValidationError(_("年满 18 周岁才能实名认证"), code="age")


class PasswordLengthValidator:
    """8 to 128 characters; the length is looked at before anything is hashed."""

    shortest, longest = 8, 128

    def validate(self, password, user=None):
        if not self.shortest <= len(password) <= self.longest:
            raise ValidationError(self.get_help_text(), code="password_length")

    def get_help_text(self):
        lengths = {"shortest": self.shortest, "longest": self.longest}
        return _("密码要 %(shortest)s 到 %(longest)s 位") % lengths
