"""The log keeps whose a deleted home was. Homes deleted before lose their names: whose, nobody knows."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def forget_names(apps, schema_editor):
    """What is left of homes deleted before today are their numbers, and who did what when."""
    House = apps.get_model("houses", "House")
    lines = apps.get_model("ihome_site", "OperationLog").objects.filter(subject_type="houses.house")
    entries = apps.get_model("admin", "LogEntry").objects.filter(
        content_type__app_label="houses", content_type__model="house"
    )
    named = {
        *lines.values_list("subject_id", flat=True),
        *entries.values_list("object_id", flat=True),
    }
    for pk in named:
        if not House.objects.filter(pk=pk).exists():
            name = f"已删除的房源 {pk}"
            lines.filter(subject_id=pk).update(subject_text=name, before="", after="")
            entries.filter(object_id=pk).update(object_repr=name, change_message="")


class Migration(migrations.Migration):
    dependencies = [
        ("ihome_site", "0006_privacy_after_leaving"),
        ("houses", "0005_newest_by_turns"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "operationlog",
            "owner",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="原主人",
            ),
        ),
        migrations.RunPython(forget_names, migrations.RunPython.noop),
    ]
