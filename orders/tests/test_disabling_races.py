"""An owner is disabled while their homes are approved, listed and edited, over connections of
their own: none stays listed, and nobody is made to wait for somebody who waits for them."""

from functools import partial

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AccountError, User
from houses.listing import ListingError
from houses.models import House
from houses.tests.test_owner_pages import form
from ihome_site.testing import client_of, house_of_wang, wang
from ihome_site.tests.threads import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROUNDS = 15
REFUSALS = (ListingError, AccountError, PermissionDenied)


def edit(client, house, fields):
    status = client.post(f"/houses/{house.pk}/edit/", fields).status_code
    assert status in {302, 403}, status


def test_no_home_of_an_owner_disabled_meanwhile_is_listed(figure):
    operator = User.objects.create_superuser("13900000009", "x")
    owner, house = wang(), house_of_wang()
    failed, listed = [], 0
    for n in range(ROUNDS):
        User.objects.filter(pk=owner.pk).update(is_active=True)
        House.objects.filter(pk=house.pk).update(check_state="waiting", is_listed=False)
        errors = at_once(
            partial(House.objects.get(pk=house.pk).approve, operator),
            partial(edit, client_of(wang()), house, form(price=str(200 + n))),
            House.objects.get(pk=house.pk).put_on,
            partial(User.objects.get(pk=owner.pk).disable, operator, "冒用他人照片"),
        )
        failed += [repr(error) for error in errors if not isinstance(error, REFUSALS)]
        listed += House.objects.filter(is_listed=True, owner__is_active=False).count()
    figure(f"homes listed of an owner disabled in {ROUNDS} rounds", listed, 0)
    figure("verbs and edits that failed meanwhile", len(failed), 0)
    assert (listed, failed) == (0, [])
