import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import RealName, RealNameError
from ihome_site.testing import chen, id_card_of, li, wang

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_key(settings):
    """A newer key than the one under which two people proved who they are."""
    wang()
    RealName.objects.prove(li(), "李雷", id_card_of(2))
    key = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [key, *settings.FIELD_KEYS]
    return key


def rotate(capsys, *options):
    call_command("rotate_field_keys", *options)
    return capsys.readouterr().out.strip()


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_id_card FROM accounts_realname ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_every_row_is_sealed_with_the_newest_key(new_key, capsys, settings):
    assert rotate(capsys) == "2 rows were on old keys, 0 on an old index key"
    settings.FIELD_KEYS = [new_key]
    numbers = [row.id_card for row in RealName.objects.order_by("pk")]
    assert numbers == [id_card_of(1), id_card_of(2)]


def test_checking_changes_nothing(new_key, capsys):
    before = stored()
    assert rotate(capsys, "--check") == "2 rows are on old keys, 0 on an old index key"
    assert stored() == before


def test_a_second_run_has_nothing_to_do(new_key, capsys):
    rotate(capsys)
    before = stored()
    assert rotate(capsys) == "0 rows were on old keys, 0 on an old index key"
    assert stored() == before


def test_stopped_half_way_it_goes_on_where_it_was(new_key, capsys):
    row = RealName.objects.first()
    row.save(update_fields=["sealed_id_card"])
    assert rotate(capsys).startswith("1 rows were")


def test_a_row_no_key_reads_is_named_and_the_others_are_done(new_key, settings, capsys):
    last = RealName.objects.last()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_realname SET sealed_id_card='x' WHERE id=%s", [last.pk])
    with pytest.raises(CommandError, match=str(last.pk)):
        call_command("rotate_field_keys")
    settings.FIELD_KEYS = [new_key]
    assert RealName.objects.defer("sealed_id_card").first().id_card == id_card_of(1)


def test_a_new_index_key_still_finds_the_card(new_key, settings, capsys):
    settings.INDEX_KEY = "another-index-key"
    assert rotate(capsys) == "2 rows were on old keys, 2 on an old index key"
    with pytest.raises(RealNameError, match="另一个账号"):
        RealName.objects.prove(chen(), "陈晨", id_card_of(2))
