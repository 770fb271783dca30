"""The operators' roles as groups. What a group may do can be changed in the admin afterwards."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

EVERYTHING = ["view", "add", "change", "delete"]
CONTENT = ["banner", "sitenotice", "helparticle"]

# Group → permissions as "app.codename".
ROLES = {
    "客服": [
        "accounts.view_user",
        "accounts.disable_user",
        "accounts.view_realname",
        "accounts.view_loginattempt",
        "accounts.view_smscode",
        "houses.view_area",
        "houses.view_house",
        "houses.view_occupiednight",
        "orders.view_order",
        "orders.stop_order",
        "orders.view_review",
    ],
    "审核": [
        "accounts.view_user",
        "houses.view_area",
        "houses.view_house",
        "houses.view_houseimage",
        "houses.check_house",
        "houses.hold_house",
        "orders.view_order",
        "orders.view_review",
        "orders.hide_review",
    ],
    "运营": [
        "houses.view_house",
        "orders.view_order",
        "ihome_site.view_figures",
        "ihome_site.view_siteparameter",
        "ihome_site.change_siteparameter",
        *[f"houses.{word}_{name}" for name in ("area", "facility") for word in EVERYTHING],
        *[f"ihome_site.{word}_{name}" for name in CONTENT for word in EVERYTHING],
    ],
}
# 管理员 may do all that anybody may do, besides what only the site writes.
OWN_APPS = ["accounts", "houses", "orders", "ihome_site"]


def make_roles(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    # Permissions are made after all migrations, which is too late for this one.
    for label in [*OWN_APPS, "auth"]:
        create_permissions(installed.get_app_config(label), verbosity=0, apps=apps)
    found = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, wanted in ROLES.items():
        group, _new = Group.objects.get_or_create(name=name)
        group.permissions.set([found[codename] for codename in wanted])
    everybody, _new = Group.objects.get_or_create(name="管理员")
    everybody.permissions.set(
        [one for codename, one in found.items() if codename.split(".")[0] in OWN_APPS]
        + [found[f"auth.{word}_group"] for word in EVERYTHING]
    )


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=[*ROLES, "管理员"]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("ihome_site", "0001_operation_log_and_content"),
        ("accounts", "0004_ending_sessions"),
        ("houses", "0002_house_checks_and_holds"),
        ("orders", "0002_hidden_reviews_and_stopped_orders"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, remove_roles)]
