"""What leaving does to one's data, and how long backups keep it, in the privacy article.

Only where operators have left our first text as it was.
"""

from importlib import import_module

import django.core.validators
from django.db import migrations, models

FIRST = import_module("ihome_site.migrations.0003_first_help_articles").ARTICLES["privacy"][1]
LEAVING = """## 注销账号以后
- 手机号、名字、头像、实名信息、登录记录和设备立即删除；您的房源、地址、照片，以及您写的评价、回复和原因也一并删除
- 订单是双方的记录：对方还能看到日期、金额、状态和星数，看不到您是谁
- 还有没结束的订单时不能注销，先取消或等它结束
- 备份最多保留 30 天，到期销毁；这期间备份只用来在故障后恢复，恢复以后会再次删除您的数据

"""
NEXT = "## 浏览器里保存什么"
PLACE = models.PositiveSmallIntegerField(
    default=0, validators=[django.core.validators.MaxValueValidator(9999)], verbose_name="排序"
)


def rewritten(apps, old, new):
    articles = apps.get_model("ihome_site", "HelpArticle").objects
    articles.filter(slug="privacy", body=old).update(body=new)


def say(apps, schema_editor):
    rewritten(apps, FIRST, FIRST.replace(NEXT, LEAVING + NEXT))


def unsay(apps, schema_editor):
    rewritten(apps, FIRST.replace(NEXT, LEAVING + NEXT), FIRST)


class Migration(migrations.Migration):
    dependencies = [("ihome_site", "0005_masked_operators_texts")]

    operations = [
        migrations.RunPython(say, unsay),
        migrations.AlterField("banner", "order", PLACE),
        migrations.AlterField("helparticle", "order", PLACE),
    ]
