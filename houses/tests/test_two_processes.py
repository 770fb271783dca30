"""What one process writes, the next answer of every other process shows."""

import pytest

from houses.models import House
from ihome_site.testing import day, house_of_wang, li, wang
from ihome_site.tests.serving import Visitor, serving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LOOKS = 24  # on connections of their own: some land on each process


def seen_by_all(server, path):
    """What strangers are shown, each on a connection of their own."""
    return [Visitor(server).get(path).text for _n in range(LOOKS)]


def form_of(house, **changes):
    """The owner's form as the page would send it."""
    names = "title price address room_count acreage unit capacity beds deposit min_days max_days"
    return (
        {name: getattr(house, name) for name in names.split()} | {"area": house.area_id} | changes
    )


def test_an_edit_and_a_booking_are_seen_by_every_process(collected_static, figure):
    house = house_of_wang(title="旧名字")
    stay = {"begin_date": day(3).isoformat(), "end_date": day(5).isoformat()}
    found = f"/houses/?sd={stay['begin_date']}&ed={stay['end_date']}"
    own = f"/houses/{house.pk}/"
    paths, stale = ["/houses/", found, own], 0
    with serving(workers=2) as server:
        for path in paths:
            assert all("旧名字" in page for page in seen_by_all(server, path))
        edit = form_of(house, title="新名字")
        assert Visitor(server, wang()).post(f"{own}edit/", **edit).status_code == 302
        for path in paths:
            stale += sum("旧名字" in page for page in seen_by_all(server, path))
        booked = Visitor(server, li()).post(f"{own}book/", guests="1", token="t" * 20, **stay)
        assert booked.status_code == 302
        stale += sum("新名字" in page for page in seen_by_all(server, found))
        stale += sum(page.count("is-taken") != 2 for page in seen_by_all(server, own))
    figure(f"stale answers of {5 * LOOKS} from two processes", stale, "0")
    assert House.objects.get().title == "新名字"
    assert stale == 0
