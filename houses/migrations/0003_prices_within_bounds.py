"""Prices and deposits get bounds. Homes outside them are taken off, and put within them.

Their rows are read and written past the ORM: on SQLite it could not read some of them.
"""

from decimal import Decimal

import django.core.validators
from django.db import migrations, models
from django.utils import timezone

MOST = Decimal("99999.99")
REASON = "价格或押金超出上限（99999.99 元），已改为上限，请核对"
OUTSIDE = "price < 0.01 OR price > 99999.99 OR deposit < 0 OR deposit > 99999.99"
PLACE = models.PositiveSmallIntegerField(
    default=0, validators=[django.core.validators.MaxValueValidator(9999)], verbose_name="排序"
)


def put_within_bounds(apps, schema_editor):
    """Held by the operators' reason, so that the owner and they see what was changed."""
    log = apps.get_model("ihome_site", "OperationLog").objects
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"SELECT id, title, price, deposit FROM houses_house WHERE {OUTSIDE}")  # noqa: S608
        for pk, title, *amounts in cursor.fetchall():
            price, deposit = (Decimal(str(amount)) for amount in amounts)
            new_price = min(max(price, Decimal("0.01")), MOST)
            new_deposit = min(max(deposit, Decimal(0)), MOST)
            cursor.execute(
                "UPDATE houses_house SET price = %s, deposit = %s, is_listed = %s,"
                " held_reason = CASE held_reason WHEN '' THEN %s ELSE held_reason END,"
                " updated_at = %s WHERE id = %s",
                [new_price, new_deposit, False, REASON, timezone.now(), pk],
            )
            log.create(
                verb="运营下架",
                subject_type="houses.house",
                subject_id=str(pk),
                subject_text=title[:200],
                before=f"每晚价格：{price:.2f}\n押金：{deposit:.2f}",
                after=f"每晚价格：{new_price:.2f}\n押金：{new_deposit:.2f}",
                reason=REASON,
            )


class Migration(migrations.Migration):
    dependencies = [
        ("houses", "0002_house_checks_and_holds"),
        ("ihome_site", "0001_operation_log_and_content"),
    ]

    operations = [
        migrations.RunPython(put_within_bounds, migrations.RunPython.noop),
        migrations.AlterField("area", "order", PLACE),
        migrations.AlterField("facility", "order", PLACE),
        migrations.AlterField("houseimage", "order", PLACE),
        migrations.AlterField(
            "house",
            "deposit",
            models.DecimalField(decimal_places=2, default=0, max_digits=10, verbose_name="押金"),
        ),
        migrations.AlterField(
            "house",
            "price",
            models.DecimalField(decimal_places=2, max_digits=10, verbose_name="每晚价格"),
        ),
        migrations.AddConstraint(
            "house",
            models.CheckConstraint(
                condition=models.Q(price__gte=Decimal("0.01"), price__lte=MOST),
                name="house_price_within",
                violation_error_message="金额超出了允许的范围",
            ),
        ),
        migrations.AddConstraint(
            "house",
            models.CheckConstraint(
                condition=models.Q(deposit__gte=Decimal(0), deposit__lte=MOST),
                name="house_deposit_within",
                violation_error_message="金额超出了允许的范围",
            ),
        ),
    ]
