"""What stands starred in the admin, shown whole after a reason that is written down first."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from ihome_site.forms import ReasonForm


class RevealForm(ReasonForm):
    reason = forms.CharField(
        label=_("查看理由"),
        min_length=4,
        max_length=255,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )


class Reveals:
    """A ModelAdmin with a page that shows something of a row whole.

    `reveal_permission` is asked for besides that of viewing the row; `shown(row)` gives
    [(label, text)], and `note_reveal` writes the look down.
    """

    reveal_permission = None
    reveal_title = None

    @method_decorator([never_cache, sensitive_variables()])
    def reveal(self, request, pk):
        row = get_object_or_404(self.model, pk=pk)
        if not self.may_reveal(request, row):
            raise PermissionDenied
        form = RevealForm(request.POST or None)
        revealed = form.is_valid()
        if revealed:
            self.note_reveal(request, row, form.cleaned_data["reason"])
        context = self.admin_site.each_context(request) | {
            "row": row,
            "form": form,
            "shown": self.shown(row) if revealed else [],
            "opts": self.opts,
            "title": self.reveal_title,
        }
        return TemplateResponse(request, "admin/accounts/reveal.html", context)

    def may_reveal(self, request, row=None):
        allowed = request.user.has_perm(self.reveal_permission)
        return allowed and self.has_view_permission(request, row)

    def render_change_form(self, request, context, **kwargs):
        row = kwargs.get("obj")  # None as well where a refused new one is shown as a change
        context["can_reveal"] = row is not None and self.may_reveal(request, row)
        context["reveal_title"] = self.reveal_title
        return super().render_change_form(request, context, **kwargs)
