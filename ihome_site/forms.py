"""What all forms of the site share."""

from contextlib import suppress
from functools import cached_property

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ihome_site.masking import masked
from ihome_site.unseen import without_unseen

TYPED = (forms.TextInput, forms.Textarea)


class ShownTexts:
    """A form that takes out of every text what nobody sees; a text with nothing else is empty."""

    def _widget_data_value(self, widget, html_name):
        value = super()._widget_data_value(widget, html_name)
        is_text = isinstance(value, str) and isinstance(widget, TYPED)
        if not is_text or self.is_unchanged(html_name, value):
            return value
        return without_unseen(value)

    def is_unchanged(self, html_name, value):
        """Whether it is what the form's page had shown, and will not be written."""
        return False


class Sentences(ShownTexts):
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

    def refused(self, form, error):
        """The form again with what was typed and the sentence of `error`: 429 for a limit
        (TooMany), 409 for what cannot be done as things stand."""
        form.wait = getattr(error, "wait", 0)
        form.add_error(None, str(error))
        response = self.form_invalid(form)
        if not form.wait:
            response.status_code = 409
        return response

    def form_invalid(self, form):
        response = self.render_to_response(self.get_context_data(form=form))
        response.status_code = self.refused_status
        if wait := getattr(form, "wait", 0):
            response.status_code = 429
            response["Retry-After"] = str(wait)
        return response


class ReasonForm(ShownTexts, forms.Form):
    """Why an operator does something. It is kept, so mobiles and ID numbers in it are starred."""

    reason = forms.CharField(
        label=_("理由"),
        min_length=2,
        max_length=255,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )

    def clean_reason(self):
        return masked(self.cleaned_data["reason"])[:255]


class CarriesInitialValues(ShownTexts):
    """A form whose page carries what it showed, by Django's `show_hidden_initial`.

    A field counts as changed when the user changed it, not when somebody else did meanwhile. A
    program that sends no initial values is compared with what is stored now.
    """

    carries = False

    def is_unchanged(self, html_name, value):
        """A text from before, sent back as it is, is neither changed nor missing."""
        return self.carries and self.data.get(f"initial-{html_name}") == value

    def carry_initial_values(self):
        if self.is_bound and not self.sent_initial_values():
            return
        self.carries = True
        for field in self.fields.values():
            # A file has no initial value to carry, and a disabled field may hold a secret.
            is_file = field.widget.needs_multipart_form
            field.show_hidden_initial = not (is_file or field.disabled)

    def sent_initial_values(self):
        """Whether the page sent back what it had shown.

        A list that was empty has no input of its own; it counts as sent, as an empty one.
        """
        names = [self.add_initial_prefix(name) for name in self.fields]
        if not any(name in self.data for name in names):
            return False
        self.data = self.data.copy()
        for name in names:
            self.data.setlistdefault(name)
        return True


class PartialModelForm(CarriesInitialValues, forms.ModelForm):
    """A model form that writes the columns its user changed and leaves the others alone.

    What was not changed is judged, and shown by `instance`, as it is now: lock the row from
    reading it to saving (`select_for_update`), or a value that fits now may not fit a moment
    later. Of a list of related rows, those the user added or took away are written.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.carry_initial_values()

    def clean(self):
        data = super().clean()
        if not self.instance._state.adding:
            self.take_current_values()
        return data

    def take_current_values(self):
        for name in self.cleaned_data.keys() & self.columns.keys():
            if not self.is_column(name):
                self.cleaned_data[name] = self.merged_rows(name)
            elif name not in self.changed_data:
                self.cleaned_data[name] = getattr(self.instance, name)

    def merged_rows(self, name):
        """The related rows of now, with those the user added and without those they took away."""
        field, now = self.fields[name], set(getattr(self.instance, name).all())
        if name not in self.changed_data:
            return now
        wanted, shown = set(self.cleaned_data[name]), now
        if field.show_hidden_initial:
            sent = self._widget_data_value(field.hidden_widget(), self.add_initial_prefix(name))
            with suppress(ValidationError):  # not what we had sent
                shown = set(field.to_python(sent))
        return (now | (wanted - shown)) - (shown - wanted)

    @cached_property
    def columns(self):
        """The form's fields that are the model's, by name."""
        opts = self._meta.model._meta
        fields = [*opts.concrete_fields, *opts.many_to_many]
        return {field.name: field for field in fields if field.name in self.fields}

    @property
    def update_fields(self):
        """What `save` writes, for `instance.save(update_fields=…)`; empty when nothing changed.

        Related rows are no columns, yet the row's `updated_at` says that they changed.
        """
        opts = self._meta.model._meta
        columns = filter(self.is_column, self.changed_data)
        changed = [name for name in columns if name != opts.pk.name]  # a list's forms have it too
        stamps = [field.name for field in opts.concrete_fields if getattr(field, "auto_now", False)]
        return changed + stamps if self.changed_data else []

    def is_column(self, name):
        return name in self.columns and not self.columns[name].many_to_many

    def save(self, commit=True):
        if self.instance._state.adding:
            return super().save(commit)
        super().save(commit=False)
        if commit:
            self.instance.save(update_fields=self.update_fields)
            self.save_m2m()
        return self.instance

    save.alters_data = True
