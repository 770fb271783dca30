from django.db import migrations, models

from houses.newness import write_steps


def number(apps, schema_editor):
    write_steps(apps.get_model("houses", "House").objects.all())


class Migration(migrations.Migration):
    dependencies = [("houses", "0004_photos_hidden")]

    operations = [
        migrations.AddField(
            model_name="house",
            name="newness",
            field=models.SmallIntegerField(
                db_default=0, default=0, editable=False, verbose_name="新房源的批次"
            ),
        ),
        migrations.AddField(
            model_name="house",
            name="area_newness",
            field=models.SmallIntegerField(
                db_default=0, default=0, editable=False, verbose_name="在城区里的批次"
            ),
        ),
        migrations.RunPython(number, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="house",
            index=models.Index(
                fields=["is_listed", "newness", "created_at", "id"], name="house_newness"
            ),
        ),
        migrations.AddIndex(
            model_name="house",
            index=models.Index(
                fields=["is_listed", "area", "area_newness", "created_at", "id"],
                name="house_area_newness",
            ),
        ),
    ]
