import json
from io import StringIO
from unittest import mock

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Count, F
from django.test import TestCase, override_settings
from lucide.jinja import lucide

from accounts.models import User
from accounts.validators import validate_id_card
from houses.models import Area, House, HouseImage, OccupiedNight
from ihome_site import images, testing
from orders.demo import FOLDER, content, dice
from orders.demo.homes import Photos
from orders.demo.people import made_up_id_card
from orders.invariants import broken_rules
from orders.models import Order, Review

TINY = images.Encoded(1024, 768, {1024: b"a photo"})


def demo(*options, debug=True):
    """Run the command without the seconds of encoding; what it printed."""
    output = StringIO()
    with (
        override_settings(DEBUG=debug),
        mock.patch.object(images, "read"),
        mock.patch.object(images, "encode_all", return_value=TINY),
    ):
        call_command("demo", *options, stdout=output)
    return output.getvalue()


class AfterTheDemoTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.printed = demo()

    def test_every_district_has_homes(self):
        assert House.objects.listed().count() == 48
        assert min(Area.objects.annotate(n=Count("houses")).values_list("n", flat=True)) >= 2

    def test_every_home_shows_its_rooms_in_order(self):
        photos = HouseImage.objects.values("house").annotate(n=Count("pk"))
        assert set(photos.values_list("n", flat=True)) == {4}
        assert House.objects.filter(cover__order=0).count() == 48

    def test_every_owner_has_proved_who_they_are(self):
        owners = User.objects.filter(houses__isnull=False).distinct()
        assert len(owners) >= 3
        assert all(owner.is_verified for owner in owners)

    def test_there_are_orders_in_every_state(self):
        assert set(Order.objects.values_list("status", flat=True)) == set(Order.Status)
        assert Order.objects.waiting().exists()
        assert Order.objects.upcoming().exists()
        assert Order.objects.to_review().exists()

    def test_the_counts_vary(self):
        counts = House.objects.values_list("order_count", flat=True)
        assert min(counts) == 0
        assert sum(count >= 20 for count in counts) == 5

    def test_the_rules_hold(self):
        assert list(broken_rules()) == []

    def test_no_order_is_older_than_its_house_or_off_its_rules(self):
        assert not Order.objects.filter(created_at__lt=F("house__created_at")).exists()
        assert not Order.objects.filter(days__lt=F("house__min_days")).exists()
        assert not Order.objects.filter(guests__gt=F("house__capacity")).exists()

    def test_no_house_is_told_the_same_twice(self):
        told = Review.objects.values("order__house", "text").annotate(n=Count("pk"))
        assert len(told) == 321
        assert not told.filter(n__gt=1).exists()

    def test_some_nights_are_blocked_by_owners(self):
        assert OccupiedNight.objects.blocked().count() == 30

    def test_the_printed_logins_open_the_doors(self):
        password = content("people")["password"]
        assert password in self.printed
        assert self.client.login(mobile="14000000011", password=password)
        assert self.client.login(mobile="14000000099", password=password)
        assert User.objects.get(mobile="14000000099").is_superuser

    def test_a_second_run_replaces_the_first(self):
        users = set(User.objects.values_list("pk", flat=True))
        old = HouseImage.objects.first().file
        demo()
        assert House.objects.count() == 48
        assert set(User.objects.values_list("pk", flat=True)) == users
        assert not default_storage.exists(old)
        assert list(broken_rules()) == []

    def test_real_users_are_left_alone_even_when_forced(self):
        theirs = testing.house_of_wang()
        with pytest.raises(CommandError):
            demo()
        demo("--force")
        assert House.objects.filter(pk=theirs.pk).exists()
        assert House.objects.count() == 49

    def test_if_empty_leaves_a_filled_database(self):
        before = list(Order.objects.values_list("number", flat=True))
        assert len(demo("--if-empty").splitlines()) == 1
        assert list(Order.objects.values_list("number", flat=True)) == before


@pytest.mark.django_db
def test_a_database_with_a_real_user_is_refused():
    testing.li()
    with pytest.raises(CommandError):
        demo()
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_if_empty_does_nothing_beside_a_real_user():
    testing.li()
    demo("--if-empty")
    assert not House.objects.exists()


@pytest.mark.django_db
def test_a_public_site_is_refused():
    with pytest.raises(CommandError):
        demo(debug=False)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_forced_public_site_gets_no_known_password():
    with mock.patch("orders.management.commands.demo.Command.fill"):
        printed = demo("--force", debug=False)
    assert content("people")["password"] not in printed
    assert not User.objects.get(mobile="14000000099").check_password(content("people")["password"])


@pytest.mark.django_db
def test_an_interrupted_run_leaves_no_homes():
    with mock.patch("orders.management.commands.demo.make_requests", side_effect=KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            demo()
    assert not House.objects.exists()


@pytest.mark.django_db
def test_seed_rows_can_be_loaded_twice():
    for _time in range(2):
        call_command("loaddata", "areas", "facilities", verbosity=0)
    assert Area.objects.count() == 16
    assert Area.objects.get(pk=16).name == "门头沟区"


def test_a_picture_is_encoded_once_and_stored_for_each_home():
    photos = Photos()
    with mock.patch.object(images, "encode_all", wraps=images.encode_all) as encode_all:
        first = photos.store("home01-1", "houses", images.PHOTO_WIDTHS)
        second = photos.store("home01-1", "houses", images.PHOTO_WIDTHS)
    assert encode_all.call_count == 1
    assert (first.width, first.height) == (1024, 768)
    assert first.name != second.name


def test_each_set_serves_three_homes_with_different_covers():
    covers = [(row["photo_set"], row["rooms"][0]) for row in content("homes")]
    assert len(set(covers)) == len(covers) == 48
    assert {photo_set for photo_set, _room in covers} == set(range(1, 17))


def test_a_pictured_bathtub_is_among_the_facilities():
    with_bathtub = {row["photo_set"] for row in content("homes") if "浴缸" in row["facilities"]}
    assert with_bathtub == {3, 8, 10, 13, 15}


def test_the_owners_id_numbers_are_well_formed():
    for place in range(9):
        validate_id_card(made_up_id_card(place))


def test_every_facility_has_an_icon_that_exists():
    rows = json.loads((FOLDER.parent / "facilities.json").read_text(encoding="utf-8"))
    assert len(rows) == 23
    assert all(lucide(row["fields"]["icon"]) for row in rows)


def test_dice_fall_the_same_every_time():
    assert [dice(100, "stay", n) for n in range(4)] == [84, 7, 36, 77]
    assert {dice(6, n) for n in range(100)} == set(range(6))
