"""A form is saved while somebody else writes the row: nobody's change is lost."""

import pytest
from django.apps import apps
from django.db import IntegrityError, models
from django.forms import ModelForm

from accounts.models import User
from houses.models import Area, Facility, House, HouseImage, StayError
from ihome_site import desk
from ihome_site.forms import PartialModelForm
from ihome_site.models import HelpArticle, SiteParameter, Timestamped, WholeRowSaveError
from ihome_site.testing import client_of, house_of_wang, li, stay_over, wang
from ihome_site.tests.markup import form_with
from orders.models import Order

pytestmark = pytest.mark.django_db
TABLES = [model for model in apps.get_models() if issubclass(model, Timestamped)]
PHOTO = {"width": 800, "height": 600}


@pytest.fixture
def operator():
    return User.objects.create_superuser("13800000099", "x", name="运营甲")


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_an_existing_row_of_no_table_is_saved_whole(model):
    row = model(pk=1)
    row._state.adding = False
    with pytest.raises(WholeRowSaveError):
        row.save()


def test_every_table_of_the_site_has_the_rule():
    ours = {"ihome_site", "accounts", "houses", "orders"}
    tables = [model for model in apps.get_models() if model._meta.app_label in ours]
    plain = {model._meta.label for model in tables if not issubclass(model, Timestamped)}
    assert plain <= {"accounts.Gate"}  # a row to lock, with one writer


def test_a_row_made_anew_is_never_written_over_one_that_has_its_id():
    house = house_of_wang()
    copy = House(pk=house.pk, owner=wang(), area=house.area, title="另一套", price=1)
    copy.room_count = copy.acreage = copy.capacity = 1
    with pytest.raises(IntegrityError):
        copy.save()


# What others do between the moment a form has read the row and the moment it saves.


def hold(house, operator):
    House.objects.get(pk=house.pk).hold(operator, "照片不符")


def refuse(house, operator):
    House.objects.get(pk=house.pk).refuse(operator, "地址不清")


def review(house, operator):
    # Its transaction is a part of the form's here, for both are on one connection.
    Order.write_review.__wrapped__(Order.objects.get(house=house), li(), 5, "好")


def take_a_photo(house, operator):
    image = HouseImage.objects.create(house=house, file="houses/a.webp", **PHOTO)
    House.choose_cover.__func__.__wrapped__(House, image)


def take_off(house, operator):
    House.objects.get(pk=house.pk).take_off()


def change_the_deposit(house, operator):
    House.objects.filter(pk=house.pk).update(deposit=7)


MEANWHILE = [hold, refuse, review, take_a_photo, take_off, change_the_deposit]


@pytest.fixture(params=MEANWHILE, ids=lambda act: act.__name__)
def meanwhile(request, monkeypatch, operator):
    """Somebody else acts when a form has been judged and is about to be saved."""
    house = house_of_wang()
    stay_over(house)
    judge = PartialModelForm._post_clean

    def judge_slowly(form):
        judge(form)
        if isinstance(form.instance, House):
            request.param(house, operator)

    monkeypatch.setattr(PartialModelForm, "_post_clean", judge_slowly)
    return house


def columns_of(house):
    return House.objects.filter(pk=house.pk).values().get()


def changed_columns(before, house):
    after = columns_of(house)
    return {name for name in before if before[name] != after[name]} - {"updated_at"}


def edit_as_owner(house):
    page = client_of(wang()).get(f"/houses/{house.pk}/edit/").content.decode()
    sent = form_with(page, "title") | {"title": ["新的标题"]}
    assert client_of(wang()).post(f"/houses/{house.pk}/edit/", sent).status_code == 302


def edit_in_admin(house):
    url = f"/admin/houses/house/{house.pk}/change/"
    client = client_of(User.objects.get(mobile="13800000099"))
    sent = form_with(client.get(url).content.decode(), "title") | {"title": ["新的标题"]}
    assert client.post(url, sent).status_code == 302


EDITS = [edit_as_owner, edit_in_admin]


@pytest.mark.parametrize("edit", EDITS)
def test_what_others_wrote_meanwhile_stays(meanwhile, request, edit):
    act = request.node.callspec.params["meanwhile"]
    before = columns_of(meanwhile)
    edit(meanwhile)
    assert {"title"} | expected_of(act) <= changed_columns(before, meanwhile)


def expected_of(act):
    return {
        hold: {"held_reason", "is_listed"},
        refuse: {"check_state", "check_reason", "is_listed"},
        review: {"order_count", "review_count", "star_total"},
        take_a_photo: {"cover_id"},
        take_off: {"is_listed"},
        change_the_deposit: {"deposit"},
    }[act]


def save_whole(form, commit=True):
    """As Django's forms save: every column as it was once read."""
    form.instance.save = lambda **_kwargs: models.Model.save(form.instance)
    return ModelForm.save(form, commit)


@pytest.mark.parametrize("edit", EDITS)
def test_a_form_that_saves_the_whole_row_undoes_it(meanwhile, request, edit, monkeypatch):
    """The control arm."""
    act = request.node.callspec.params["meanwhile"]
    monkeypatch.setattr(PartialModelForm, "save", save_whole)
    monkeypatch.setattr(
        desk.OperatorsAdmin,
        "save_model",
        lambda _self, _request, obj, form, change: models.Model.save(obj),
    )
    before = columns_of(meanwhile)
    try:
        edit(meanwhile)
    except IntegrityError:
        return  # listed and held: the constraint refuses what the form would write
    assert not expected_of(act) <= changed_columns(before, meanwhile)


# A page that was opened before somebody else changed the row.


def stale_form(client, url, among, **typed):
    """What the form with the field `among` at `url` would send after typing, to be sent later."""
    page = client.get(url).content.decode()
    return form_with(page, among) | {field: [text] for field, text in typed.items()}


def test_an_owner_with_two_tabs_keeps_the_changes_of_both():
    house, owner = house_of_wang(), client_of(wang())
    washer, lift = Facility.objects.create(name="洗衣机"), Facility.objects.create(name="电梯")
    house.facilities.add(washer)
    url = f"/houses/{house.pk}/edit/"
    old_tab = stale_form(owner, url, "title", title="新的标题")
    owner.post(url, stale_form(owner, url, "title", price="299", facilities=lift.pk))
    assert owner.post(url, old_tab).status_code == 302
    house.refresh_from_db()
    assert (house.title, house.price) == ("新的标题", 299)
    assert list(house.facilities.all()) == [lift]


def test_a_list_that_was_empty_in_the_old_tab_is_not_emptied():
    house, owner = house_of_wang(), client_of(wang())
    url = f"/houses/{house.pk}/edit/"
    old_tab = stale_form(owner, url, "title", title="新的标题")
    lift = Facility.objects.create(name="电梯")
    house.facilities.add(lift)
    owner.post(url, old_tab)
    assert list(house.facilities.all()) == [lift]


def test_facilities_ticked_in_two_tabs_are_all_kept():
    house, owner = house_of_wang(), client_of(wang())
    washer, lift, desk_, bath = (Facility.objects.create(name=name) for name in "洗电桌浴")
    house.facilities.set([washer, lift])
    url = f"/houses/{house.pk}/edit/"
    old_tab = stale_form(owner, url, "title") | {"facilities": [washer.pk, lift.pk, desk_.pk]}
    house.facilities.set([lift, bath])
    owner.post(url, old_tab)
    assert set(house.facilities.all()) == {lift, desk_, bath}


def test_a_parameter_somebody_changed_meanwhile_stays(operator):
    client, url = client_of(operator), "/admin/ihome_site/siteparameter/"
    old_tab = stale_form(client, url, "page_size", most_waiting="7")
    client.post(url, stale_form(client, url, "page_size", page_size="30"))
    client.post(url, old_tab)
    assert dict(SiteParameter.objects.values_list("name", "value")) == {
        "page_size": "30",
        "most_waiting": "7",
    }


def test_a_refused_form_still_knows_what_was_shown():
    house, owner = house_of_wang(), client_of(wang())
    url = f"/houses/{house.pk}/edit/"
    lift = Facility.objects.create(name="电梯")
    slip = stale_form(owner, url, "title", price="abc", facilities=lift.pk)
    again = form_with(owner.post(url, slip).content.decode(), "title") | {"price": ["299"]}
    House.objects.filter(pk=house.pk).update(deposit=7)
    assert owner.post(url, again).status_code == 302
    house.refresh_from_db()
    assert (house.price, house.deposit, house.facilities.get()) == (299, 7, lift)


def test_two_changes_that_do_not_fit_together_are_refused_in_words():
    house, owner = house_of_wang(), client_of(wang())
    url = f"/houses/{house.pk}/edit/"
    old_tab = stale_form(owner, url, "title", max_days="3")
    House.objects.filter(pk=house.pk).update(min_days=5)
    answer = owner.post(url, old_tab)
    assert answer.status_code == 400
    assert "不能少于最少住的晚数" in answer.content.decode()


def test_a_program_that_sends_no_initial_values_is_compared_with_the_row_of_now():
    house, owner = house_of_wang(), client_of(wang())
    url = f"/houses/{house.pk}/edit/"
    sent = stale_form(owner, url, "title", title="新的标题")
    sent = {name: values for name, values in sent.items() if not name.startswith("initial-")}
    assert owner.post(url, sent).status_code == 302
    house.refresh_from_db()
    assert house.title == "新的标题"


@pytest.mark.parametrize("junk", ["", "\x00", "9" * 40, "1e999999", "x" * 9999])
def test_initial_values_that_nobody_was_shown_do_no_harm(junk, operator):
    house = house_of_wang()
    for client, url in [
        (client_of(wang()), f"/houses/{house.pk}/edit/"),
        (client_of(operator), f"/admin/houses/house/{house.pk}/change/"),
    ]:
        sent = stale_form(client, url, "title", title="新的标题")
        sent |= {name: [junk] for name in sent if name.startswith("initial-")}
        sent["initial-facilities"] = [junk, junk]
        assert client.post(url, sent).status_code == 302


def test_two_operators_keep_each_others_changes_of_a_user(operator):
    user, client = li(), client_of(operator)
    url = f"/admin/accounts/user/{user.pk}/change/"
    old_tab = stale_form(client, url, "name", name="新的名字")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.post(url, old_tab)
    user.refresh_from_db()
    assert (user.name, user.is_staff) == ("新的名字", True)


def test_a_list_edited_in_place_writes_the_rows_that_were_changed(operator):
    areas = [Area.objects.create(name=f"第{n}区", order=n) for n in range(3)]
    client, url = client_of(operator), "/admin/houses/area/"
    page = client.get(url).content.decode()
    sent = form_with(page, "form-0-order") | {"_save": ["保存"]}
    index = next(n for n in range(3) if sent[f"form-{n}-id"] == [str(areas[2].pk)])
    sent[f"form-{index}-order"] = ["20"]
    Area.objects.filter(pk=areas[0].pk).update(order=10)
    assert client.post(url, sent).status_code == 302
    assert [Area.objects.get(pk=area.pk).order for area in areas] == [10, 1, 20]


def test_photos_the_owner_moves_meanwhile_stay_where_they_are(operator):
    house = house_of_wang()
    one, two = (
        HouseImage.objects.create(house=house, file=f"houses/{n}.webp", order=n, **PHOTO)
        for n in range(2)
    )
    client, url = client_of(operator), f"/admin/houses/house/{house.pk}/change/"
    old_tab = stale_form(client, url, "title", title="新的标题")
    HouseImage.objects.filter(pk=one.pk).update(order=5)
    assert client.post(url, old_tab).status_code == 302
    assert [HouseImage.objects.get(pk=image.pk).order for image in (one, two)] == [5, 1]


def test_an_article_two_operators_write_keeps_both_their_parts(operator):
    article = HelpArticle.objects.create(slug="x", title="旧标题", body="旧正文")
    client, url = client_of(operator), f"/admin/ihome_site/helparticle/{article.pk}/change/"
    old_tab = stale_form(client, url, "slug", title="新标题")
    HelpArticle.objects.filter(pk=article.pk).update(body="新正文")
    client.post(url, old_tab)
    article.refresh_from_db()
    assert (article.title, article.body) == ("新标题", "新正文")


def test_a_password_hash_is_never_carried_by_a_page(operator):
    page = client_of(operator).get(f"/admin/accounts/user/{li().pk}/change/").content.decode()
    assert "initial-name" in page
    assert "initial-password" not in page


def test_the_same_unique_name_at_the_same_moment_is_refused_in_words(operator, monkeypatch):
    area = Area.objects.create(name="东城区")
    judge = PartialModelForm._post_clean

    def judge_slowly(form):
        judge(form)
        Area.objects.create(name="西城区")

    monkeypatch.setattr(PartialModelForm, "_post_clean", judge_slowly)
    client, url = client_of(operator), f"/admin/houses/area/{area.pk}/change/"
    answer = client.post(url, stale_form(client, url, "name", name="西城区"), follow=True)
    assert "刚才有人保存了同样的内容" in answer.content.decode()


def test_a_photo_deleted_while_it_is_made_the_cover():
    house = house_of_wang()
    image = HouseImage.objects.create(house=house, file="houses/a.webp", **PHOTO)
    HouseImage.objects.filter(pk=image.pk).delete()
    with pytest.raises(StayError):
        House.choose_cover.__func__.__wrapped__(House, image)
    house.refresh_from_db()
    assert house.cover is None


def test_of_two_avatars_at_once_the_second_takes_the_place_of_the_first():
    li()
    one_tab, other_tab = User.objects.get(), User.objects.get()
    one_tab.replace_avatar("avatars/one.webp")
    assert other_tab.replace_avatar("avatars/two.webp") == "avatars/one.webp"
