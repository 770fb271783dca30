from whitenoise.storage import CompressedManifestStaticFilesStorage as Compressed


class HashedStaticFiles(Compressed):
    """Static files under names that change with their content.

    The imports between our own modules are rewritten too. Those of packages are left alone:
    django_htmx ships modules that import files it does not ship.
    """

    patterns = (
        *Compressed.patterns,
        ("js/*.js", Compressed._js_module_import_aggregation_patterns[1]),
    )
