"""Amounts that no column holds, which SQLite took all the same, become the largest it does.

What was agreed is not changed otherwise: an order dearer than new ones may be stays as it is.
Past the ORM, which on SQLite cannot read such a row; check_invariants names it afterwards.
"""

from decimal import Decimal

from django.db import migrations, models

HOLDS = {"price": Decimal("99999999.99"), "amount": Decimal("9999999999.99")}
LABELS = {"price": "下单时的每晚价格", "amount": "合计"}


def put_within_bounds(apps, schema_editor):
    log = apps.get_model("ihome_site", "OperationLog").objects
    with schema_editor.connection.cursor() as cursor:
        for column, most in HOLDS.items():
            cursor.execute(
                f"SELECT id, number, {column} FROM orders_order"  # noqa: S608
                f" WHERE {column} < 0 OR {column} > {most}"
            )
            for pk, number, amount in cursor.fetchall():
                amount = Decimal(str(amount))
                fitting = min(max(amount, Decimal(0)), most)
                cursor.execute(
                    f"UPDATE orders_order SET {column} = %s WHERE id = %s",  # noqa: S608
                    [fitting, pk],
                )
                log.create(
                    verb="修改",
                    subject_type="orders.order",
                    subject_id=str(pk),
                    subject_text=number,
                    before=f"{LABELS[column]}：{amount:.2f}",
                    after=f"{LABELS[column]}：{fitting:.2f}",
                    reason="数据库放不下这个金额",
                )


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0003_order_figures_index"),
        ("ihome_site", "0001_operation_log_and_content"),
    ]

    operations = [
        migrations.RunPython(put_within_bounds, migrations.RunPython.noop),
        *(
            migrations.AddConstraint(
                "order",
                models.CheckConstraint(
                    condition=models.Q(**{f"{column}__gte": 0, f"{column}__lte": most}),
                    name=f"order_{column}_fits",
                    violation_error_message="金额超出了允许的范围",
                ),
            )
            for column, most in HOLDS.items()
        ),
    ]
