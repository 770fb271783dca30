"""Taking lists away and seeing whole mobiles are permissions of their own."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

# Role → new permissions. A role that operators renamed or deleted is theirs to arrange.
GRANTED = {
    "运营": ["ihome_site.export_lists"],
    "管理员": ["ihome_site.export_lists", "accounts.reveal_mobile", "accounts.void_password"],
}
# Whoever may give an account another mobile can sign in to it: superusers, and who they choose.
# 0002_roles gave 管理员 all there was, which on a fresh database includes this one.
WITHHELD = ["accounts.change_mobile"]


def grant(apps, schema_editor):
    # Permissions are made after all migrations, which is too late for this one.
    for label in ("accounts", "ihome_site"):
        create_permissions(installed.get_app_config(label), verbosity=0, apps=apps)
    for group, codenames in groups(apps):
        group.permissions.add(*permissions(apps, codenames))
        group.permissions.remove(*permissions(apps, WITHHELD))


def withdraw(apps, schema_editor):
    for group, codenames in groups(apps):
        group.permissions.remove(*permissions(apps, codenames))


def groups(apps):
    for name, codenames in GRANTED.items():
        for group in apps.get_model("auth", "Group").objects.filter(name=name):
            yield group, codenames


def permissions(apps, codenames):
    for codename in codenames:
        label, _dot, name = codename.partition(".")
        yield apps.get_model("auth", "Permission").objects.get(
            content_type__app_label=label, codename=name
        )


class Migration(migrations.Migration):
    dependencies = [
        ("ihome_site", "0003_first_help_articles"),
        ("accounts", "0008_accounts_looked_after"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="operationlog",
            options={
                "permissions": [
                    ("view_figures", "可以看经营数字"),
                    ("export_lists", "可以导出看得到的列表"),
                ],
                "verbose_name": "操作记录",
                "verbose_name_plural": "操作记录",
            },
        ),
        migrations.RunPython(grant, withdraw),
    ]
