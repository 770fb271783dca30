import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def take_over_uploads(apps, schema_editor):
    """What was uploaded today counts on. UploadDay stays for the release that still writes it."""
    DayCount = apps.get_model("accounts", "DayCount")
    rows = apps.get_model("accounts", "UploadDay").objects.values_list("user", "day", "count")
    DayCount.objects.bulk_create(
        [
            DayCount(user_id=user, action="upload", day=day, count=count)
            for user, day, count in rows.iterator()
        ],
        1000,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_accounts_looked_after")]

    operations = [
        migrations.CreateModel(
            name="DayCount",
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
                    "action",
                    models.CharField(
                        choices=[
                            ("book", "下单"),
                            ("cancel", "取消订单"),
                            ("decide", "接单或拒单"),
                            ("review", "评价"),
                            ("reply", "回复评价"),
                            ("publish", "发布房源"),
                            ("edit", "修改房源"),
                            ("list", "上架或下架"),
                            ("calendar", "改日历"),
                            ("upload", "上传图片"),
                            ("arrange", "整理照片"),
                            ("name", "改名"),
                            ("prove", "实名认证"),
                        ],
                        max_length=12,
                        verbose_name="操作",
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                ("count", models.PositiveIntegerField(default=0, verbose_name="次数")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="day_counts",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="用户",
                    ),
                ),
            ],
            options={
                "verbose_name": "每日计数",
                "verbose_name_plural": "每日计数",
                "constraints": [
                    models.UniqueConstraint(fields=["user", "action"], name="day_count_once")
                ],
            },
        ),
        migrations.RunPython(take_over_uploads, migrations.RunPython.noop),
    ]
