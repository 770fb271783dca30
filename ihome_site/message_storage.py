"""Django's messages, a few of them: whoever never looks gathers no more."""

from django.contrib.messages.storage.fallback import FallbackStorage

MOST = 10  # sentences that wait for the next page; the desk says seven at once


class FewMessages(FallbackStorage):
    """The last MOST different ones. They wait in a cookie, where thousands of the same take two
    kilobytes: every page that showed them would have a megabyte."""

    def _get(self, *args, **kwargs):
        messages, all_retrieved = super()._get(*args, **kwargs)
        return few(messages), all_retrieved

    def _store(self, messages, response, *args, **kwargs):
        return super()._store(few(messages), response, *args, **kwargs)


def few(messages):
    different = []
    for message in messages or []:
        if message in different:
            different.remove(message)
        different.append(message)
    return different[-MOST:]
