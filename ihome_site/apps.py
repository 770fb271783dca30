from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IhomeSiteConfig(AppConfig):
    name = "ihome_site"
    verbose_name = _("站点")

    def ready(self):
        from ihome_site import checks  # noqa: F401 - registers them
