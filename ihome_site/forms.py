"""What all forms of the site share."""

from django.utils.translation import gettext_lazy as _


class Sentences:
    """A form whose missing fields are named: 请填写手机号."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            label = field.label or name
            field.error_messages["required"] = _("请填写%(label)s") % {"label": label}


class FormPage:
    """A FormView whose refused form answers 400, or 429 when a limit was reached.

    A form that ran into a limit sets `wait`, the seconds until it opens again.
    """

    refused_status = 400

    def form_invalid(self, form):
        response = self.render_to_response(self.get_context_data(form=form))
        response.status_code = self.refused_status
        if wait := getattr(form, "wait", 0):
            response.status_code = 429
            response["Retry-After"] = str(wait)
        return response
