from django import forms
from django.utils.translation import gettext_lazy as _

from houses.forms import StayForm
from ihome_site.fields import WholeNumberField
from ihome_site.forms import Sentences


class BookForm(StayForm):
    token = forms.CharField(label=_("提交凭证"), max_length=128, widget=forms.HiddenInput)


class RejectForm(Sentences, forms.Form):
    reason = forms.CharField(
        label=_("拒单原因"),
        max_length=255,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("房客会看到这段话"),
    )


class ReviewForm(Sentences, forms.Form):
    stars = WholeNumberField(
        label=_("星数"),
        min_value=1,
        max_value=5,
        widget=forms.RadioSelect(choices=[(n, n) for n in range(1, 6)]),
    )
    text = forms.CharField(
        label=_("住得怎么样"), max_length=512, widget=forms.Textarea(attrs={"rows": 5})
    )


class AnswerForm(Sentences, forms.Form):
    text = forms.CharField(
        label=_("回复"), max_length=512, widget=forms.Textarea(attrs={"rows": 4})
    )
