"""Django's own history of a row, whatever its entries hold."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from ihome_site.testing import client_of, house_of_wang

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return User.objects.create_superuser("13900000009", "x", name="值班的人")


def entry_of(operator, row, message):
    kind = ContentType.objects.get_for_model(row)
    return LogEntry.objects.create(
        user=operator,
        content_type=kind,
        object_id=str(row.pk),
        object_repr=str(row),
        action_flag=CHANGE,
        change_message=message,
    )


@pytest.mark.parametrize(
    "message",
    [
        '[{"changed": {"已注销用户": "x", "name": "y", "fields": []}}]',
        '[{"已注销用户": {"fields": ["x"]}}, 5]',
        '[{"added": {"object": "x"}}]',
        '[{"changed": {}}]',
        '[{"added": "x"}]',
        '[{"added": {"name": 5, "object": "x"}}]',
        '["added"]',
        "[已注销用户",
        "[" * 100_000,
    ],
)
def test_an_entry_that_django_cannot_read_is_shown_as_it_is_stored(message, operator):
    house = house_of_wang()
    entry_of(operator, house, message)
    entry_of(operator, house, "还有这一条")
    answer = client_of(operator).get(f"/admin/houses/house/{house.pk}/history/")
    page = answer.content.decode().replace("&quot;", '"')
    assert answer.status_code == 200
    assert message in page
    assert "还有这一条" in page
