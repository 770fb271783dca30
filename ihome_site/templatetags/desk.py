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


@register.filter
def told(entry):
    """What an entry of Django's history says; as it is stored where Django cannot read it."""
    try:
        return entry.get_change_message()
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return entry.change_message
