from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class IhomeSiteConfig(AppConfig):
    name = "ihome_site"
    verbose_name = _("站点")

    def ready(self):
        from ihome_site import checks  # noqa: F401 - registers them
        from ihome_site.memory import give_back_large_blocks

        give_back_large_blocks()


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin with our own site."""

    default = False
    default_site = "ihome_site.site.Desk"
