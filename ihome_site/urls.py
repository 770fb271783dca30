from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts.sign_in_views import CaptchaRefreshView, OperatorLoginView
from accounts.views import LogoutView
from houses.views import HomeView
from ihome_site import discovery, views
from ihome_site.metrics import metrics

urlpatterns = [
    path("", HomeView.as_view(), name="home"),
    path("accounts/", include("accounts.urls")),
    path("houses/", include("houses.urls")),
    path("", include("orders.urls")),
    path("captcha/refresh/", CaptchaRefreshView.as_view(), name="captcha-refresh"),
    path("captcha/", include("captcha.urls")),
    path("admin/login/", OperatorLoginView.as_view(), name="operator_login"),
    path("admin/logout/", LogoutView.as_view(), name="operator_logout"),
    path(
        "admin/password_change/",
        RedirectView.as_view(pattern_name="accounts:password_change"),
        name="operator_password",
    ),
    path("help/<slug:slug>/", views.HelpView.as_view(), name="help"),
    path("admin/", admin.site.urls),
    path("robots.txt", discovery.robots, name="robots"),
    path("sitemap.xml", discovery.sitemap, name="sitemap"),
    path("sitemap-pages.xml", discovery.sitemap_pages, name="sitemap_pages"),
    path("sitemap-houses-<int:part>.xml", discovery.sitemap_houses, name="sitemap_houses"),
    path("manifest.webmanifest", discovery.manifest, name="manifest"),
    path("sw.js", discovery.service_worker, name="service_worker"),
    path("offline/", discovery.offline, name="offline"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    # nginx serves these in front of a busy site; alone, the site serves them itself.
    re_path(f"^{settings.MEDIA_URL.strip('/')}/(?P<path>.+)$", views.media, name="media"),
]

handler400 = "ihome_site.views.bad_request"
handler403 = "ihome_site.views.forbidden"
handler404 = "ihome_site.views.not_found"
handler500 = "ihome_site.views.server_error"
