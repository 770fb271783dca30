"""The site with forms that save whole rows, as Django's do: the control arm of the edit races."""

import time

from ihome_site.wsgi import application  # isort: skip - sets Django up

from django.db import models
from django.forms import ModelForm

from houses.models import House
from houses.views import HouseEditView, HouseFormPage
from ihome_site.desk import OperatorsAdmin
from ihome_site.forms import PartialModelForm

__all__ = ["application"]


def breathe():
    time.sleep(0.1)  # as a busy machine does


def save_row(row):
    breathe()
    models.Model.save(row)


def save_form(form, commit=True):
    ModelForm.save(form, commit=False)
    if commit:
        save_row(form.instance)
        form.save_m2m()
    return form.instance


def choose_cover(image):
    house = House.objects.get(pk=image.house_id)
    house.cover = image
    save_row(house)


PartialModelForm.save = save_form
OperatorsAdmin.save_model = lambda self, request, obj, form, change: save_row(obj)
OperatorsAdmin.get_object = lambda self, request, pk, from_field=None: House.objects.get(pk=pk)
HouseEditView.get_queryset = HouseFormPage.get_queryset
HouseEditView.save = HouseEditView.save.__wrapped__
House.choose_cover = choose_cover
