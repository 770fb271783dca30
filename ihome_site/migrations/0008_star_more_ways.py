"""Once more over what operators typed: numbers are found in more ways of writing than before."""

from importlib import import_module

from django.db import migrations

before = import_module("ihome_site.migrations.0005_masked_operators_texts")


class Migration(migrations.Migration):
    atomic = False  # a long transaction would hold up those who work

    dependencies = [("ihome_site", "0007_owner_of_what_was_deleted")]

    operations = [migrations.RunPython(before.star, migrations.RunPython.noop, atomic=False)]
