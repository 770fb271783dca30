"""Who plays in the demonstration. People are known by their mobiles and kept between runs.

The mobiles begin with 140: those blocks are for 13-digit numbers of machines, so that no
person can receive a code for them (MIIT, numbering plan of 2017, 物联网网号).
"""

from typing import NamedTuple

from accounts.models import RealName, User
from accounts.validators import id_check_character
from ihome_site.images import AVATAR_WIDTHS
from orders.demo import content

AVATAR_FOLDER = "avatars"


class Cast(NamedTuple):
    owners: list
    guests: list
    operator: User


def strangers():
    """The users who are not part of the demonstration."""
    people = content("people")
    rows = [*people["owners"], *people["guests"], people["operator"]]
    return User.objects.exclude(mobile__in=[row["mobile"] for row in rows])


def make_people(password, photos):
    """The Cast, every one of them with this password; owners have proved who they are."""
    people = content("people")
    owners = [make_user(row, password, photos) for row in people["owners"]]
    for place, owner in enumerate(owners):
        if not owner.is_verified:
            name = people["owners"][place]["real_name"]
            RealName.objects.prove(owner, name, made_up_id_card(place))
    guests = [make_user(row, password, photos) for row in people["guests"]]
    operator = make_user(people["operator"], password, photos, is_staff=True, is_superuser=True)
    return Cast(owners, guests, operator)


def make_user(row, password, photos, **powers):
    user, _new = User.objects.get_or_create(mobile=row["mobile"])
    namesakes = User.objects.filter(name=row["name"]).exclude(pk=user.pk)
    user.name = None if namesakes.exists() else row["name"]
    if row["avatar"] and not user.avatar:
        user.avatar = photos.store(row["avatar"], AVATAR_FOLDER, AVATAR_WIDTHS).name
    for power, held in powers.items():
        setattr(user, power, held)
    user.set_password(password)
    user.save(update_fields=["name", "avatar", "password", *powers, "updated_at"])
    return user


def made_up_id_card(place):
    """A well-formed ID number that nobody has: no county has the code 100000 (GB/T 2260)."""
    digits = f"100000{1975 + place * 4}0{place % 9 + 1}16{place + 1:03d}"
    return digits + id_check_character(digits)
