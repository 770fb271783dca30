import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_when_powers_and_mobiles_changed")]

    operations = [
        migrations.CreateModel(
            name="FormerWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="创建时间")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="更新时间")),
                (
                    "kind",
                    models.CharField(
                        choices=[("name", "名字"), ("place", "房源的标题或地址")],
                        max_length=8,
                        verbose_name="种类",
                    ),
                ),
                ("text", models.CharField(max_length=512, verbose_name="内容")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_words",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "曾用的名字、标题和地址",
                "verbose_name_plural": "曾用的名字、标题和地址",
            },
        ),
    ]
