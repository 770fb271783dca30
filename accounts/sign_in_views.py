"""The pages by which people come in: registering, signing in, a new password."""

from django.contrib import messages
from django.contrib.auth.views import RedirectURLMixin, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts import browser_id, captcha, devices
from accounts.codes import send_code
from accounts.models import AccountError, SmsCode
from accounts.sign_in_forms import LoginForm, PasswordResetForm, RegisterForm, SmsLoginForm
from accounts.sms import SmsError
from ihome_site.forms import FormPage
from ihome_site.refusals import TooMany

TRY_AGAIN = 5  # seconds after a message that failed; it did not use up the minute
private = [never_cache, sensitive_post_parameters()]


class SignedOutMixin(RedirectURLMixin):
    """A page for people who are not signed in; others are sent on to `next`."""

    next_page = reverse_lazy("home")

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated:
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(next=self.get_redirect_url(), **kwargs)


class CaptchaPageMixin:
    """A page with forms that may ask for a captcha: it gives the browser its id."""

    def dispatch(self, request, *args, **kwargs):
        response = super().dispatch(request, *args, **kwargs)
        # Whoever left the page, signed in say, needs no id.
        return response if 300 <= response.status_code < 400 else browser_id.keep(request, response)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "request": self.request}

    def captcha_context(self):
        """What the captcha of a form needs in its template."""
        browser = browser_id.browser_of(self.request)
        return {
            "browser": browser_id.signed(browser),
            "captcha_key": captcha.new_key(browser, self.request.address),
        }


class SmsPageMixin(CaptchaPageMixin):
    """A page with a captcha and a button that sends a code."""

    def get_context_data(self, **kwargs):
        kwargs.setdefault("wait", 0)
        return super().get_context_data(
            purpose=self.form_class.purpose.value, **self.captcha_context(), **kwargs
        )


@method_decorator(never_cache, name="dispatch")
class CaptchaRefreshView(View):
    """Another picture, for the script; django-simple-captcha's own view knows no bound."""

    http_method_names = ["get"]

    def get(self, request):
        if request.headers.get("x-requested-with") != "XMLHttpRequest":
            raise Http404
        key = captcha.new_key(browser_id.browser_of(request), request.address)
        picture = reverse("captcha-image", args=[key])
        return browser_id.keep(request, JsonResponse({"key": key, "image_url": picture}))


@method_decorator(private, name="dispatch")
class RegisterView(SignedOutMixin, SmsPageMixin, FormPage, FormView):
    template_name = "accounts/register.html"
    form_class = RegisterForm

    def form_valid(self, form):
        user = form.save()
        if user is None:
            return self.form_invalid(form)
        response = HttpResponseRedirect(self.get_success_url())
        devices.sign_in_by_code(self.request, user, response)
        messages.success(self.request, _("注册好了，欢迎来到爱家租房"))
        return response


@method_decorator(private, name="dispatch")
class PasswordResetView(SmsPageMixin, FormPage, FormView):
    template_name = "accounts/password_reset.html"
    form_class = PasswordResetForm

    def form_valid(self, form):
        try:
            user = form.save()
        except AccountError as error:
            return self.refused(form, error)
        if user is None:
            return self.form_invalid(form)
        devices.end(user.devices.all())
        messages.success(self.request, _("密码已重设，请用新密码登录"))
        return redirect("accounts:login")


@method_decorator(private, name="dispatch")
class SmsLoginView(SignedOutMixin, SmsPageMixin, FormPage, FormView):
    template_name = "accounts/sms_login.html"
    form_class = SmsLoginForm

    def form_valid(self, form):
        user = form.save()
        if user is None:
            return self.form_invalid(form)
        response = HttpResponseRedirect(self.get_success_url())
        return devices.sign_in_by_code(self.request, user, response)


@method_decorator(private, name="dispatch")
class SmsCodeView(View):
    """Sends a code; answers programs in JSON and people with the page they came from."""

    http_method_names = ["post"]
    pages = {
        SmsCode.Purpose.REGISTER: RegisterView,
        SmsCode.Purpose.LOGIN: SmsLoginView,
        SmsCode.Purpose.RESET: PasswordResetView,
    }

    def post(self, request):
        purpose = request.POST.get("purpose", "")
        if purpose not in SmsCode.Purpose.values:
            errors = {"purpose": [_("不知道这个验证码用来做什么")]}
            return JsonResponse({"ok": False, "errors": errors}, status=400)
        page = self.pages[purpose]
        form = page.form_class(request.POST, sending=True, request=request)
        status, wait = self.send(form, purpose)
        answer = self.page_answer if request.accepts("text/html") else self.json_answer
        response = answer(page, form, status, wait)
        if status in {429, 503}:
            response["Retry-After"] = str(wait)
        return browser_id.keep(request, response)

    def send(self, form, purpose):
        """(status, seconds to wait); what went wrong is an error on the form."""
        if not form.is_valid():
            return 400, 0
        mobile, request = form.cleaned_data["mobile"], self.request
        browser, device = browser_id.browser_of(request), devices.known_device(request, mobile)
        try:
            send_code(mobile, purpose, request.address, browser, device)
        except TooMany as refusal:
            form.add_error("sms_code", str(refusal))
            return 429, refusal.wait
        except SmsError as error:
            form.add_error("sms_code", str(error))
            return 503, TRY_AGAIN
        return 200, SmsCode.WAIT

    def json_answer(self, page, form, status, wait):
        if status == 200:
            return JsonResponse({"ok": True, "wait": wait})
        body = {"ok": False, "errors": form.errors}
        return JsonResponse({**body, "wait": wait} if wait else body, status=status)

    def page_answer(self, page, form, status, wait):
        if status == 200:
            sent = _("验证码已发出，%(n)s 分钟内有效") % {"n": SmsCode.LIFE.seconds // 60}
            messages.success(self.request, sent)
        view = page()
        view.setup(self.request)
        context = view.get_context_data(form=form, wait=wait)
        return TemplateResponse(self.request, page.template_name, context, status=status)


@method_decorator(private, name="dispatch")
class LoginView(SignedOutMixin, CaptchaPageMixin, FormPage, FormView):
    template_name = "accounts/login.html"
    form_class = LoginForm

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        asks = context["form"].asks_captcha
        return context | (self.captcha_context() if asks else {"captcha_key": ""})

    def form_valid(self, form):
        response = HttpResponseRedirect(self.get_success_url())
        return devices.sign_in(self.request, form.user, response)


class OperatorLoginView(View):
    """Operators sign in like everybody, so that the same limits hold for admin."""

    http_method_names = ["get"]

    def get(self, request):
        if request.user.is_authenticated and not request.user.is_staff:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
