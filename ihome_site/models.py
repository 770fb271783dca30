from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ihome_site.caching import changed
from ihome_site.images import PHOTO_WIDTHS, delete_on_commit, sizes
from ihome_site.logs import request_id
from ihome_site.masking import masked


class WholeRowSaveError(TypeError):
    """`save()` of an existing row did not say which columns it writes."""


class Timestamped(models.Model):
    """Every table says when a row was made and last changed.

    A row has several writers. `save()` of an existing one must name its columns by
    `update_fields`: it would write back whatever it once read, over what others wrote since.
    """

    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        abstract = True

    def save(self, *, update_fields=None, force_insert=False, **kwargs):
        """Raises WholeRowSaveError for an existing row without `update_fields`.

        A new row is inserted, never written over the one that has its id already.
        """
        adding = self._state.adding
        if not adding and update_fields is None:
            raise WholeRowSaveError(f"name the columns of {self._meta.label} in update_fields")
        super().save(update_fields=update_fields, force_insert=force_insert or adding, **kwargs)


class OperationLogManager(models.Manager):
    def record(self, actor, verb, subject, before="", after="", reason=""):
        """Write down what an operator did to `subject`, in the transaction that does it.

        `before` and `after` say what changed, in words for people. Mobiles and ID numbers in
        all texts are starred: this list is read by more people than the rows themselves.
        """
        about = {"subject_id": str(subject.pk), "subject_text": str(subject)}
        return self._write(actor, verb, subject, about, before, after, reason)

    def record_list(self, actor, verb, model, after="", reason=""):
        """The same about many rows of a model at once."""
        about = {"subject_text": str(model._meta.verbose_name_plural)}
        return self._write(actor, verb, model, about, "", after, reason)

    def _write(self, actor, verb, subject, about, before, after, reason):
        about |= {"before": before, "after": after, "reason": reason}
        longest = {"subject_text": 200, "reason": 255}
        starred = {
            name: masked(str(text))[: longest.get(name, self.model.LONGEST)]
            for name, text in about.items()
        }
        return self.create(
            actor=actor,
            verb=str(verb),
            subject_type=subject._meta.label_lower,
            request_id=request_id.get(),
            **starred,
        )

    def subject_deleted(self, subject, owner_id):
        """Write down whose it was, before `subject` is deleted: erasing them asks for its lines.

        Django's own history is kept for good, and keeps of it the number alone.
        """
        self.about(subject).filter(owner=None).update(owner=owner_id)
        name = _("已删除的%(kind)s %(pk)s")
        self._only_number(subject, name, change_message="")

    def subject_given_away(self, subject, owner_id):
        """Write down whose it was until now, in the transaction that gives it to another.

        What it was called was its owner's word: Django's own history keeps the number alone.
        """
        self.about(subject).filter(owner=None).update(owner=owner_id)
        self._only_number(subject, _("已换主人的%(kind)s %(pk)s"))

    def _only_number(self, subject, name, **columns):
        kind = ContentType.objects.get_for_model(subject)
        entries = LogEntry.objects.filter(content_type=kind, object_id=str(subject.pk))
        entries.update(object_repr=name % {"kind": kind.name, "pk": subject.pk}, **columns)

    def about(self, subject):
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))


class OperationLog(Timestamped):
    """One line of what operators did: who, what, when, before → after. Never changed."""

    LONGEST = 8000  # characters of `before` or `after`: every permission there is has room

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("操作人"),
    )
    verb = models.CharField(_("操作"), max_length=32)
    subject_type = models.CharField(_("对象种类"), max_length=64)
    subject_id = models.CharField(_("对象编号"), max_length=32)
    subject_text = models.CharField(_("对象"), max_length=200)
    before = models.TextField(_("之前"), blank=True)
    after = models.TextField(_("之后"), blank=True)
    reason = models.CharField(_("理由"), max_length=255, blank=True)
    request_id = models.CharField(_("请求编号"), max_length=64, blank=True)
    # Whose the subject was; known of homes alone that were deleted or given away since.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("原主人"),
    )

    objects = OperationLogManager()

    class Meta:
        verbose_name = verbose_name_plural = _("操作记录")
        permissions = [
            ("view_figures", _("可以看经营数字")),
            ("export_lists", _("可以导出看得到的列表")),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="operation_created"),
            models.Index(fields=["subject_type", "subject_id"], name="operation_subject"),
        ]

    def __str__(self):
        return f"{self.verb} {self.subject_text}"


class OnEveryPage(Timestamped):
    """What operators put before visitors; pages that are kept are drawn anew when it changes."""

    class Meta:
        abstract = True

    def delete(self, *args, **kwargs):
        counts = super().delete(*args, **kwargs)
        changed("site")
        return counts


@receiver(post_save)
def draw_pages_anew(sender, **_kwargs):
    """Not in `save`: `loaddata` goes past it."""
    if issubclass(sender, OnEveryPage):
        changed("site")


class ForSomeDaysQuerySet(models.QuerySet):
    def current(self):
        """Rows shown today. Whole days: kept pages are drawn anew at midnight."""
        today = timezone.localdate()
        begun = self.filter(Q(begins_on=None) | Q(begins_on__lte=today))
        return begun.filter(Q(ends_on=None) | Q(ends_on__gte=today))


class ForSomeDays(OnEveryPage):
    begins_on = models.DateField(_("从哪天起"), null=True, blank=True)
    ends_on = models.DateField(
        _("到哪天止"), null=True, blank=True, help_text=_("这一天还显示；不填就一直显示")
    )

    objects = ForSomeDaysQuerySet.as_manager()

    class Meta:
        abstract = True


def in_order(name):
    """The constraint that a row does not end before it begins."""
    condition = Q(begins_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("begins_on"))
    sentence = _("结束日期不能早于开始日期")
    return models.CheckConstraint(condition=condition, name=name, violation_error_message=sentence)


# A path of this site or an https page: javascript: and data: are no places to go.
validate_link = RegexValidator(
    r"\A(/(?![/\\])|https://)[^\s<>\"\\]*\Z", _("请写以 / 开头的站内地址，或以 https:// 开头的网址")
)


# A place in a list. SQLite keeps any number, MySQL's small column ends at 65535.
validate_place = MaxValueValidator(9999)


class Banner(ForSomeDays):
    """A picture on the home page that leads somewhere."""

    title = models.CharField(_("标题"), max_length=40, help_text=_("看不到图片的人会读到它"))
    link = models.CharField(_("链接"), max_length=200, validators=[validate_link])
    file = models.CharField(_("图片"), max_length=100)
    width = models.PositiveIntegerField(_("宽"))
    height = models.PositiveIntegerField(_("高"))
    order = models.PositiveSmallIntegerField(_("排序"), default=0, validators=[validate_place])

    class Meta:
        verbose_name = verbose_name_plural = _("首页横幅")
        ordering = ["order", "pk"]
        constraints = [in_order("banner_days_in_order")]

    def __str__(self):
        return self.title

    @property
    def url(self):
        return default_storage.url(self.file)

    @property
    def srcset(self):
        stored = sizes(self.file, self.width, PHOTO_WIDTHS)
        return ", ".join(f"{default_storage.url(name)} {width}w" for name, width in stored)


@receiver(post_delete, sender=Banner)
def remove_files(instance, **_kwargs):
    """Not in `delete`: a queryset goes past it."""
    delete_on_commit(instance.file, instance.width, PHOTO_WIDTHS)


class SiteNotice(ForSomeDays):
    """A sentence to everybody, on top of every page."""

    text = models.CharField(_("内容"), max_length=120)
    link = models.CharField(_("链接"), max_length=200, blank=True, validators=[validate_link])

    class Meta:
        verbose_name = verbose_name_plural = _("全站公告")
        ordering = ["-pk"]
        constraints = [in_order("notice_days_in_order")]

    def __str__(self):
        return self.text


class HelpArticle(OnEveryPage):
    """A page of plain text at /help/<slug>/; empty lines part its paragraphs."""

    slug = models.SlugField(_("地址"), max_length=40, unique=True, help_text=_("/help/地址/"))
    title = models.CharField(_("标题"), max_length=40)
    body = models.TextField(
        _("正文"), help_text=_("空行分段；以 ## 开头的一行是小标题，以 - 开头的几行是列表")
    )
    in_footer = models.BooleanField(_("放在页脚"), default=True)
    is_published = models.BooleanField(_("已发布"), default=True)
    order = models.PositiveSmallIntegerField(_("排序"), default=0, validators=[validate_place])

    class Meta:
        verbose_name = verbose_name_plural = _("帮助文章")
        ordering = ["order", "pk"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("help", args=[self.slug])

    def blocks(self):
        """The body as (kind, lines): kind is heading, list or text."""
        for block in self.body.replace("\r\n", "\n").split("\n\n"):
            lines = [line.strip() for line in block.splitlines() if line.strip()]
            if lines and lines[0].startswith("## "):
                yield "heading", [lines.pop(0)[3:]]
            if lines and all(line.startswith("- ") for line in lines):
                yield "list", [line[2:] for line in lines]
            elif lines:
                yield "text", lines


class SiteParameter(OnEveryPage):
    """What operators chose instead of a default; ihome_site.parameters knows which there are."""

    name = models.CharField(_("名称"), max_length=40, unique=True)
    value = models.CharField(_("值"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("站点参数")
        ordering = ["pk"]

    def __str__(self):
        return self.name
