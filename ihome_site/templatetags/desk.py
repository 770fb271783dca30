"""Pieces of the operators' first page."""

from django import template

from ihome_site import figures

register = template.Library()


@register.simple_tag
def shop_figures(user):
    return figures.figures_for(user)


@register.simple_tag
def waiting_work(user):
    return figures.waiting_work(user)
