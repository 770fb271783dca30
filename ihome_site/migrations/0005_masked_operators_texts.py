"""What operators typed before it was starred: mobiles and ID numbers in it are now.

A chunk of rows at a time and a row an UPDATE, only where something is starred; may be repeated.
"""

from django.db import migrations

from ihome_site.masking import masked

CHUNK = 500
# Texts of operators alone. What guests and owners wrote stays as they wrote it.
COLUMNS = {
    ("ihome_site", "OperationLog"): ["subject_text", "before", "after", "reason"],
    ("houses", "House"): ["held_reason", "check_reason"],
    ("orders", "Review"): ["hidden_reason"],
    ("accounts", "IdCardView"): ["reason"],
    ("admin", "LogEntry"): ["object_repr", "change_message"],
}


def star(apps, schema_editor):
    for (app, model), columns in COLUMNS.items():
        for pk, changes in starred(apps.get_model(app, model).objects.all(), columns):
            apps.get_model(app, model).objects.filter(pk=pk).update(**changes)
    star_stopped_orders(apps.get_model("orders", "OrderMove"), apps.get_model("orders", "Order"))


def star_stopped_orders(OrderMove, Order):
    """An order's reason is an operator's when an operator ended it."""
    for pk, changes in starred(OrderMove.objects.filter(action="stop"), ["note"]):
        move = OrderMove.objects.get(pk=pk)
        Order.objects.filter(pk=move.order_id, reason=move.note).update(reason=changes["note"])
        OrderMove.objects.filter(pk=pk).update(**changes)


def starred(rows, columns):
    """(pk, columns that change) of the rows in which something is to be starred."""
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk").values("pk", *columns)[:CHUNK]):
        last = chunk[-1]["pk"]
        for row in chunk:
            texts = {name: masked(row[name]) for name in columns}
            changes = {name: text for name, text in texts.items() if text != row[name]}
            if changes:
                yield row["pk"], changes


class Migration(migrations.Migration):
    atomic = False  # a long transaction would hold up those who work

    dependencies = [
        ("ihome_site", "0004_export_permission"),
        ("accounts", "0008_accounts_looked_after"),
        ("houses", "0002_house_checks_and_holds"),
        ("orders", "0003_order_figures_index"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [migrations.RunPython(star, migrations.RunPython.noop, atomic=False)]
