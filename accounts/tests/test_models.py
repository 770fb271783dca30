import pytest
from cryptography.fernet import Fernet
from django.db import connection

from accounts.models import RealName, RealNameError, User, network_of
from ihome_site.testing import chen, id_card_of, li, wang

pytestmark = pytest.mark.django_db
CARD = id_card_of(7)


def test_a_user_without_a_name_is_anonymous_to_others():
    user = User(mobile="13912345678")
    assert (user.public_name, user.display_name) == ("匿名用户", "139****5678")


def test_names_that_differ_only_in_an_emoji_are_two_names():
    User.objects.create_user("13912345671", name="小屋🏠")
    User.objects.create_user("13912345672", name="小屋🏡")
    assert User.objects.filter(name="小屋🏡").count() == 1


def test_the_id_number_is_not_in_the_database_in_clear():
    RealName.objects.prove(li(), "李雷", CARD)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_id_card, id_card_index FROM accounts_realname")
        assert CARD not in str(cursor.fetchall())
    assert RealName.objects.get().id_card == CARD
    assert RealName.objects.get().masked_id_card == "1" + "*" * 16 + CARD[-1]


def test_a_number_sealed_for_another_user_is_noticed():
    RealName.objects.prove(li(), "李雷", CARD)
    RealName.objects.update(user=chen())
    with pytest.raises(ValueError, match="another user"):
        RealName.objects.get().id_card  # noqa: B018


def test_an_old_key_still_reads(settings):
    RealName.objects.prove(li(), "李雷", CARD)
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    assert RealName.objects.get().id_card == CARD


def test_one_card_one_account():
    RealName.objects.prove(li(), "李雷", CARD)
    with pytest.raises(RealNameError, match="另一个账号"):
        RealName.objects.prove(chen(), "陈晨", CARD)


def test_one_proof_a_user():
    with pytest.raises(RealNameError, match="已经实名"):
        RealName.objects.prove(wang(), "王小明", CARD)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::1", "::"),
    ],
)
def test_a_visitor_is_an_ipv4_address_or_an_ipv6_64(address, network):
    assert network_of(address) == network
