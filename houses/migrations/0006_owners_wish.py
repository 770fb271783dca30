from django.db import migrations, models


def read_wishes(apps, schema_editor):
    """An approved home that nothing holds is off because its owner wanted it off."""
    off = {"is_listed": False, "check_state": "approved", "held_reason": ""}
    apps.get_model("houses", "House").objects.filter(**off).update(is_wanted=False)


class Migration(migrations.Migration):
    dependencies = [("houses", "0005_newest_by_turns")]

    operations = [
        migrations.AddField(
            model_name="house",
            name="is_wanted",
            field=models.BooleanField(
                db_default=True, default=True, editable=False, verbose_name="房东想上架"
            ),
        ),
        migrations.RunPython(read_wishes, migrations.RunPython.noop),
    ]
