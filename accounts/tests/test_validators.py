import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.validators import id_check_character, validate_id_card, validate_mobile

GOOD_MOBILES = ["13800138000", "16600000000", "19912345678"]
BAD_MOBILES = [
    "",
    "1380013800",
    "138001380000",
    "12800138000",
    "23800138000",
    "1380013800a",
    "13800138000\n",
    "１３８００１３８０００",
    "+8613800138000",
]


@pytest.mark.parametrize("mobile", GOOD_MOBILES)
def test_mainland_mobiles_are_accepted(mobile):
    validate_mobile(mobile)


@pytest.mark.parametrize("mobile", BAD_MOBILES)
def test_anything_else_is_refused(mobile):
    with pytest.raises(ValidationError):
        validate_mobile(mobile)


def card(body):
    return body + id_check_character(body)


def test_the_example_of_the_standard():
    """GB 11643-1999, appendix: 11010519491231002X and 440524188001010014."""
    assert id_check_character("11010519491231002") == "X"
    assert id_check_character("44052418800101001") == "4"


@pytest.mark.parametrize("region", ["110105", "810000", "820000", "830000"])
def test_adults_of_every_region_are_accepted(region):
    validate_id_card(card(f"{region}19900307001"))


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110105199003070", "format"),
        ("１１０１０５１９４９１２３１００２X", "format"),
        ("11010519491231002x", "format"),
        ("110105194912310021", "checksum"),
        (card("11010519490231002"), "birth"),
        (card("11010518800101001"), "birth"),
        (card("11010520990101001"), "birth"),
    ],
)
def test_bad_numbers_are_refused(number, code):
    with pytest.raises(ValidationError) as error:
        validate_id_card(number)
    assert error.value.code == code


@pytest.mark.parametrize(("today", "adult"), [("2026-03-06", False), ("2026-03-07", True)])
def test_adult_from_the_eighteenth_birthday_in_shanghai(today, adult):
    with time_machine.travel(f"{today} 00:30:00+08:00", tick=False):
        if adult:
            validate_id_card(card("11010520080307001"))
        else:
            with pytest.raises(ValidationError, match="18"):
                validate_id_card(card("11010520080307001"))
