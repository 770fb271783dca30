import secrets
import time
from datetime import timedelta

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Notice
from houses.models import Area, Facility, House
from orders.demo import content
from orders.demo.homes import Photos, make_homes, remove_homes
from orders.demo.people import make_people, strangers
from orders.demo.requests import make_requests
from orders.demo.stays import Diary, make_history

NEWS = timedelta(hours=12)  # what is older has been read


class Command(BaseCommand):
    help = _("建立演示用的房东、房客、房源和订单；再次运行会换成全新的一套")

    def add_arguments(self, parser):
        parser.add_argument(
            "--if-empty", action="store_true", help=_("已有房源或真实用户时什么也不做")
        )
        parser.add_argument(
            "--force", action="store_true", help=_("有真实用户或 DEBUG 关闭时也运行")
        )

    def handle(self, if_empty, force, **options):
        if if_empty and (House.objects.exists() or strangers().exists()):
            self.stdout.write(_("数据库里已有内容，不建立演示数据"))
            return
        if not force:
            self.refuse_real_sites()
        self.started = time.monotonic()
        # The known password is for machines nobody else can reach.
        password = content("people")["password"] if settings.DEBUG else secrets.token_urlsafe(9)
        cast = self.build(password)
        self.show_logins(cast, password)

    def refuse_real_sites(self):
        if not settings.DEBUG:
            raise CommandError(_("DEBUG 已关闭：正式站点不放演示数据（确实需要时加 --force）"))
        if strangers().exists():
            raise CommandError(_("数据库里有真实用户，不放演示数据（确实需要时加 --force）"))

    def build(self, password):
        if not (Area.objects.exists() and Facility.objects.exists()):
            call_command("loaddata", "areas", "facilities", verbosity=0)
        photos = Photos()
        cast = make_people(password, photos)
        if removed := remove_homes(cast.owners):
            self.tell(_("清除了上一套演示房源 %(n)s 套") % {"n": removed})
        try:
            self.fill(cast, photos)
        except BaseException:
            remove_homes(cast.owners)  # half a demonstration would look like a broken site
            raise
        return cast

    def fill(self, cast, photos):
        people = len(cast.owners) + len(cast.guests)
        self.tell(_("房东和房客 %(n)s 位") % {"n": people})
        homes = sum(1 for _house in make_homes(cast.owners, photos))
        self.tell(_("房源 %(n)s 套，照片齐全") % {"n": homes})
        diary = Diary()
        make_requests(cast, diary)
        stays = sum(1 for _order in make_history(cast, diary))
        # What was said about stays of the past is no news.
        told = Notice.objects.filter(user__in=[*cast.owners, *cast.guests])
        told.filter(kind__in=[Notice.Kind.REVIEWED, Notice.Kind.ANSWERED]).delete()
        told.filter(created_at__lt=timezone.now() - NEWS).mark_read()
        self.tell(_("住过并评价的订单 %(n)s 个") % {"n": stays})

    def tell(self, text):
        self.stdout.write(f"{time.monotonic() - self.started:5.1f} s  {text}")
        self.stdout.flush()

    def show_logins(self, cast, password):
        self.stdout.write(_("演示账号，密码都是 %(password)s") % {"password": password})
        for role, user in (
            (_("房东"), cast.owners[0]),
            (_("房客"), cast.guests[0]),
            (_("运营，可进 /admin/"), cast.operator),
        ):
            self.stdout.write(f"  {user.mobile}  {user.display_name}  {role}")
