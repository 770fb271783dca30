"""A number that is known is found with any character for its digits and anything between them."""

from hypothesis import given
from hypothesis import strategies as st

from ihome_site.known_numbers import KnownNumber, ways_to_write
from ihome_site.masking import signs_of

MOBILE = "13955550077"
WAYS, _several = ways_to_write()
GAPS = ["", " ", "-", ", ", "——", "\n", "/", "\u200b", "x", "   ~   "]
GAPS_OF_GROUPS = [*GAPS, "年", "然后"]


def ways(digit):
    return st.sampled_from([char for char in WAYS[digit] if len(signs_of(char)) == 1])


DIGITS = st.tuples(*map(ways, MOBILE))
BETWEEN = st.tuples(
    *(st.sampled_from(GAPS_OF_GROUPS if place in (3, 7) else GAPS) for place in range(1, 11))
)


@given(DIGITS, BETWEEN)
def test_any_way_to_write_a_digit_and_any_gap(digits, gaps):
    text = "".join(map("".join, zip(digits, [*gaps, ""], strict=True)))
    assert KnownNumber(MOBILE).replaced(f"请打{text}。", "@") == "请打@。"


def test_letters_within_a_group_make_it_a_name():
    for text in ("houses/139555a50077.webp", "1395:55f5:0077::", "1 3 9 5 条"):
        assert KnownNumber(MOBILE).replaced(text, "@") == text


def test_two_that_are_glued_together():
    other = "13812345678"
    for text in (f"{MOBILE}{other}", f"{other}{MOBILE}", f"{other}{MOBILE}{other}"):
        assert KnownNumber(MOBILE).replaced(text, "@") == text.replace(MOBILE, "@")


def test_a_character_for_two_digits():
    assert KnownNumber("13912130077").replaced("139⑫⑬0077", "@") == "@"


def test_a_starred_number():
    starred = KnownNumber("139****0077", any_digit=True)
    assert starred.replaced("139-****-0077，139 1234 0077", "@") == "@，@"
    assert starred.replaced("139,另1234,0077", "@") == "139,另1234,0077"
    starred = KnownNumber("139****0077")
    assert starred.replaced("139＊＊＊＊0077，139 1234 0077", "@") == "@，139 1234 0077"
