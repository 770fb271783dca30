from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LogoutView as DjangoLogoutView
from django.contrib.auth.views import RedirectURLMixin, redirect_to_login
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView

from accounts import devices
from accounts.forms import AvatarForm, NameForm, RealNameForm
from accounts.models import CONSENT_VERSION, AccountError, Device, User
from accounts.sign_in_forms import PasswordChangeForm
from ihome_site import images
from ihome_site.forms import FormPage
from ihome_site.paging import page_of

AVATAR_FOLDER = "avatars"
NOTICES = 20  # a page; older ones are seldom looked for
private = [never_cache, sensitive_post_parameters()]


class VerifiedRequiredMixin(LoginRequiredMixin):
    """Leads users without real-name authentication to it, and back here afterwards."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not request.user.is_verified:
            messages.info(request, _("发布房源前，请先完成实名认证"))
            return redirect_to_login(request.get_full_path(), reverse("accounts:real_name"))
        return super().dispatch(request, *args, **kwargs)


class LogoutView(DjangoLogoutView):
    """Nothing of the person stays in the browser; where it does not know the header, a script
    does the same (static/js/leave-nothing.js)."""

    def post(self, request, *args, **kwargs):
        Device.objects.filter(pk=devices.current(request)).delete()
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"storage"'
        return response


@method_decorator(private, name="dispatch")
class PasswordChangeView(LoginRequiredMixin, FormPage, FormView):
    template_name = "accounts/password_change.html"
    form_class = PasswordChangeForm
    success_url = reverse_lazy("accounts:me")

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form):
        try:
            form.save()
        except AccountError as error:
            return self.refused(form, error)
        update_session_auth_hash(self.request, form.user)
        devices.rekey(self.request)
        devices.end_others(self.request)
        messages.success(self.request, _("密码已修改，其他设备需要重新登录"))
        response = super().form_valid(form)
        devices.remember(self.request, form.user, response)  # other browsers are strangers now
        return response


@method_decorator(never_cache, name="dispatch")
class DevicesView(LoginRequiredMixin, TemplateView):
    """Where the account is signed in; ending a session is a POST to one of the next two."""

    template_name = "accounts/devices.html"

    def get_context_data(self, **kwargs):
        """This device, then those used last. All others are counted: an account from before
        there was a bound may have more than are listed."""
        here, mine = devices.current(self.request), devices.signed_in(self.request.user)
        others = mine.exclude(pk=here)
        listed = [*mine.filter(pk=here), *others[: devices.MOST - 1]]
        count = others.count()
        return super().get_context_data(devices=listed, here=here, others=count, **kwargs)


class DeviceEndView(LoginRequiredMixin, View):
    http_method_names = ["post"]

    def post(self, request, pk):
        others = request.user.devices.exclude(pk=devices.current(request))
        device = get_object_or_404(others, pk=pk)
        devices.end(others.filter(pk=pk))
        messages.success(request, _("已退出 %(name)s") % {"name": device.name})
        return devices.know_this_one_alone(request, redirect("accounts:devices"))


class DevicesEndView(LoginRequiredMixin, View):
    http_method_names = ["post"]

    def post(self, request):
        count = devices.end_others(request)
        messages.success(request, _("已退出其他 %(n)s 台设备") % {"n": count})
        return devices.know_this_one_alone(request, redirect("accounts:devices"))


class MeView(LoginRequiredMixin, TemplateView):
    template_name = "accounts/me.html"

    def get_context_data(self, **kwargs):
        """What waits for the user; their orders lead to all orders, which are not imported here."""
        user = self.request.user
        received = user.orders.model.objects.filter(house__owner=user)
        return super().get_context_data(
            to_review=user.orders.to_review().count(),
            next_trip=user.orders.upcoming().with_cards().first(),
            houses=user.houses.count(),
            waiting=received.waiting().count(),
            unread=user.notices.unread().count(),
            **kwargs,
        )


class NoticesView(LoginRequiredMixin, TemplateView):
    """What happened to the user. Having read it is a POST, for a GET changes nothing."""

    template_name = "accounts/notices.html"

    def get_context_data(self, **kwargs):
        notices = self.request.user.notices.newest_first()
        return super().get_context_data(page=page_of(notices, self.request, NOTICES), **kwargs)

    def post(self, request):
        request.user.notices.mark_read()
        return redirect("accounts:notices")


class ProfilePage(LoginRequiredMixin, FormPage):
    """Avatar and name stand on one page and are saved separately."""

    template_name = "accounts/profile.html"
    success_url = reverse_lazy("accounts:profile")

    def get_context_data(self, **kwargs):
        user = User.objects.get(pk=self.request.user.pk)  # the form may hold a refused name
        form = kwargs.pop("form", None)
        forms = {"name_form": NameForm(instance=user), "avatar_form": AvatarForm()}
        if form is not None:
            forms["avatar_form" if isinstance(form, AvatarForm) else "name_form"] = form
        return super().get_context_data(form=form, **forms, **kwargs)


class ProfileView(ProfilePage, TemplateView):
    pass


class NameView(ProfilePage, FormView):
    http_method_names = ["post"]
    form_class = NameForm

    def get_form_kwargs(self):
        user = User.objects.get(pk=self.request.user.pk)
        return {**super().get_form_kwargs(), "instance": user}

    def form_valid(self, form):
        if not form.save():
            return self.form_invalid(form)
        messages.success(self.request, _("名字已保存"))
        return super().form_valid(form)


class AvatarView(ProfilePage, FormView):
    http_method_names = ["post"]
    form_class = AvatarForm
    largest_body = images.MAX_BYTES + 1024 * 1024

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form):
        try:
            with images.storing(form.cleaned_data["avatar"], AVATAR_FOLDER) as stored:
                before = self.request.user.replace_avatar(stored.name)
        except images.StoreError as error:
            form.add_error("avatar", str(error))
            return self.form_invalid(form)
        if before:
            images.delete(before, stored.width, images.AVATAR_WIDTHS)
        messages.success(self.request, _("头像已换好"))
        return super().form_valid(form)


@method_decorator(private, name="dispatch")
class RealNameView(LoginRequiredMixin, RedirectURLMixin, FormPage, FormView):
    template_name = "accounts/real_name.html"
    form_class = RealNameForm
    next_page = reverse_lazy("accounts:real_name")

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            real_name=getattr(self.request.user, "real_name", None),
            consent_version=CONSENT_VERSION,
            next=self.get_redirect_url(),
            **kwargs,
        )

    def form_valid(self, form):
        if form.save() is None:
            return self.form_invalid(form)
        messages.success(self.request, _("实名认证完成，可以发布房源了"))
        return HttpResponseRedirect(self.get_success_url())
