import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import RealName, User
from ihome_site.testing import PASSWORD, chen, client_of, id_card_of, li, wang
from ihome_site.tests.markup import form_with

pytestmark = pytest.mark.django_db


def picture(side=300, kind="PNG"):
    file = io.BytesIO()
    Image.new("RGB", (side, side), "coral").save(file, kind)
    return SimpleUploadedFile(f"../x.{kind}", file.getvalue())


def test_me_shows_name_mobile_and_the_way_out():
    page = client_of(li()).get("/accounts/me/").content.decode()
    for word in ["li", "139****0002", "修改资料", "我的订单", "实名认证", "我的房源", "客户订单"]:
        assert word in page
    assert 'action="/accounts/logout/"' in page


def test_a_new_avatar_shows_at_once_and_the_old_one_goes():
    client = client_of(li())
    names = []
    for _n in range(2):
        client.post("/accounts/avatar/", {"avatar": picture()})
        names.append(li().avatar)
        assert li().avatar_url in client.get("/accounts/me/").content.decode()
    assert [default_storage.exists(name) for name in names] == [False, True]


def test_an_account_that_is_deleted_takes_its_avatar_along():
    client_of(li()).post("/accounts/avatar/", {"avatar": picture()})
    name = li().avatar
    assert default_storage.exists(name)
    User.objects.filter(avatar=name).delete()
    assert not default_storage.exists(name)


def test_an_account_that_is_disabled_loses_its_avatar():
    client_of(li()).post("/accounts/avatar/", {"avatar": picture()})
    name = li().avatar
    li().disable(User.objects.create_superuser("13900000009", PASSWORD), "头像是广告")
    assert (li().avatar, default_storage.exists(name)) == ("", False)


@pytest.mark.parametrize(
    "upload", [SimpleUploadedFile("a.png", b"<svg onload=alert(1)>"), picture(side=20)]
)
def test_a_bad_picture_is_refused_beside_the_field(upload):
    answer = client_of(li()).post("/accounts/avatar/", {"avatar": upload})
    assert answer.status_code == 400
    assert list(answer.context_data["avatar_form"].errors) == ["avatar"]
    assert li().avatar == ""


def test_a_storage_that_fails_gives_a_sentence(monkeypatch):
    monkeypatch.setattr(default_storage, "save", lambda *args: (_ for _ in ()).throw(OSError))
    answer = client_of(li()).post("/accounts/avatar/", {"avatar": picture()})
    assert "稍后再试" in answer.content.decode()
    assert li().avatar == ""


def test_the_name_is_saved():
    client = client_of(li())
    assert client.post("/accounts/name/", {"name": " 林小满 "}).status_code == 302
    assert User.objects.get(mobile=li().mobile).name == "林小满"


@pytest.mark.parametrize("name", ["", "   ", "x" * 33, "chen", "a\x00b"])
def test_a_bad_or_taken_name_is_refused_and_kept_in_the_field(name):
    chen()
    client = client_of(li())
    answer = client.post("/accounts/name/", {"name": name})
    assert answer.status_code == 400
    assert list(answer.context_data["name_form"].errors) == ["name"]
    assert li().name == "li"


def test_saving_my_own_name_again_is_fine():
    assert client_of(li()).post("/accounts/name/", {"name": "li"}).status_code == 302


def prove(client, **changes):
    form = {"real_name": "李雷", "id_card": id_card_of(5), "consent": "on"}
    return client.post("/accounts/real-name/", form | changes)


def test_real_name_is_proved_once_then_read_only_and_masked():
    client = client_of(li())
    assert prove(client).status_code == 302
    page = client.get("/accounts/real-name/").content.decode()
    assert "1" + "*" * 16 + id_card_of(5)[-1] in page
    assert id_card_of(5) not in page
    assert "李雷" not in page
    assert prove(client, id_card=id_card_of(6)).status_code == 400
    assert RealName.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consent": ""}, "consent"),
        ({"real_name": ""}, "real_name"),
        ({"id_card": id_card_of(5)[:17]}, "id_card"),
        ({"id_card": id_card_of(5)[:16] + "00"}, "id_card"),
        ({"id_card": id_card_of(5, "20150307")}, "id_card"),
    ],
)
def test_each_slip_is_said_beside_its_field(changes, field):
    answer = prove(client_of(li()), **changes)
    assert answer.status_code == 400
    assert list(answer.context_data["form"].errors) == [field]
    assert not RealName.objects.exists()


def test_a_small_x_is_taken_for_a_capital_one():
    number = next(id_card_of(n) for n in range(100) if id_card_of(n).endswith("X"))
    assert prove(client_of(li()), id_card=number.lower()).status_code == 302


def test_one_card_cannot_prove_two_accounts():
    prove(client_of(li()))
    answer = prove(client_of(chen()))
    assert "另一个账号" in answer.content.decode()


def test_publishing_leads_to_real_name_and_back():
    client = client_of(li())
    answer = client.get("/houses/new/")
    assert answer["Location"] == "/accounts/real-name/?next=/houses/new/"
    back = client.post(
        answer["Location"],
        {"real_name": "李雷", "id_card": id_card_of(5), "consent": "on", "next": "/houses/new/"},
    )
    assert back["Location"] == "/houses/new/"
    assert client.get("/houses/new/").status_code == 200


def test_the_server_refuses_to_publish_without_real_name():
    assert client_of(li()).post("/houses/new/", {"title": "x"}).status_code == 302
    assert not li().houses.exists()
    assert wang().is_verified


def test_a_page_from_before_gives_nobody_their_old_name_back():
    """An operator changed it meanwhile; whoever saves without touching it keeps that."""
    user = li()
    client = client_of(user)
    form = form_with(client.get("/accounts/profile/").content.decode(), "name")
    User.objects.filter(pk=user.pk).update(name="改过的")
    assert client.post("/accounts/name/", form).status_code == 302
    assert User.objects.get(pk=user.pk).name == "改过的"
    client.post("/accounts/name/", form | {"name": "林小满"})
    assert User.objects.get(pk=user.pk).name == "林小满"
