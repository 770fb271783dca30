"""Owner, operators and guests write one home at once, over HTTP: nothing of anybody's is lost."""

from functools import partial

import pytest

from accounts.models import User
from houses.models import HouseImage
from ihome_site.testing import client_of, house_of_wang, move_to_past, order_of_li, wang
from ihome_site.tests.markup import form_with
from ihome_site.tests.serving import Visitor, all_at_once, serving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
GUARDED, CONTROL = "ihome_site.wsgi", "ihome_site.tests.whole_saves_wsgi"
ROUNDS, REVIEWS = 8, 4


@pytest.fixture(params=[GUARDED, CONTROL], ids=["guarded", "control"])
def application(request):
    return request.param


def operator(number):
    return User.objects.create_superuser(f"1380000009{number}", "x", name=f"运营{number}")


def guests():
    return [
        User.objects.create_user(f"1370000000{n}", None, name=f"房客{n}") for n in range(REVIEWS)
    ]


def stays(house, people):
    """An order of each guest that waits for its review."""
    for n, guest in enumerate(people):
        order = order_of_li(house, 1 + n, 2 + n, token=f"t{house.pk}", guest=guest)
        order.accept(wang())
        yield move_to_past(order, days=30)


def form_of(user, url, **typed):
    page = client_of(user).get(url).content.decode()
    form = form_with(page, "title") | {name: [text] for name, text in typed.items()}
    del form["csrfmiddlewaretoken"]  # each visitor has one of their own
    return form


def one_round(server, house, staff, people):
    """Everybody at once: 3 edits by the owner, 2 by operators, a hold, a cover, the reviews."""
    edit, admin = f"/houses/{house.pk}/edit/", f"/admin/houses/house/{house.pk}/change/"
    image = HouseImage.objects.create(house=house, file="houses/a.webp", width=800, height=600)
    owner = [form_of(wang(), edit, title=f"标题{n}") for n in range(3)]
    office = [form_of(staff[0], admin, deposit=str(n + 1)) for n in range(2)]
    hold = {"action": "do_hold", "_selected_action": house.pk, "reason": "照片不符"}
    actions = [
        *[partial(Visitor(server, wang()).post, edit, **form) for form in owner],
        *[partial(Visitor(server, staff[0]).post, admin, **form) for form in office],
        partial(Visitor(server, staff[1]).post, "/admin/houses/house/", **hold),
        partial(Visitor(server, wang()).post, f"/houses/images/{image.pk}/cover/"),
        *[
            partial(
                Visitor(server, order.guest).post,
                f"/orders/{order.number}/review/",
                stars="5",
                text="好",
            )
            for order in stays(house, people)
        ],
    ]
    return all_at_once(actions)


def lost(house):
    """Whose writing is gone."""
    house.refresh_from_db()
    written = {
        "hold": house.held_reason == "照片不符" and not house.is_listed,
        "reviews": (house.review_count, house.star_total) == (REVIEWS, 5 * REVIEWS),
        "title": house.title.startswith("标题"),
        "deposit": house.deposit in {1, 2},
        "cover": house.cover_id is not None,
    }
    return [name for name, stands in written.items() if not stands]


def test_everybody_writes_one_home_at_once(application, collected_static, figure):
    staff, people = [operator(1), operator(2)], guests()
    gone, answers = [], []
    with serving(application) as server:
        for _n in range(ROUNDS):
            house = house_of_wang()
            answers += one_round(server, house, staff, people)
            gone += lost(house)
    figure(f"writings lost in {ROUNDS} rounds of edits ({application})", len(gone), "0")
    if application == CONTROL:
        assert gone
    else:
        assert gone == []
        assert {answer.status_code for answer in answers} == {302}
