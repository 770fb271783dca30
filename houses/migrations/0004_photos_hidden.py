from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("houses", "0003_prices_within_bounds")]

    operations = [
        migrations.AddField(
            model_name="house",
            name="photos_hidden",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="照片已换地址"
            ),
        ),
    ]
