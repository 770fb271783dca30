"""The site with its text messages sent to a stand-in for the provider."""

import os

from django.conf import settings

if os.environ.get("WITHOUT_GUARDS"):
    from accounts.tests.unguarded_wsgi import application
else:
    from ihome_site.wsgi import application

__all__ = ["application"]

settings.ALIYUN_SMS_ENDPOINT = os.environ["ALIYUN_SMS_ENDPOINT"]
