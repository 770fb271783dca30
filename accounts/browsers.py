"""Browsers in plain words, for people who look at where they are signed in."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The first that occurs in the user agent wins: most browsers also name their ancestors.
SYSTEMS = {
    "HarmonyOS": gettext_lazy("鸿蒙"),
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": gettext_lazy("安卓手机"),
    "Windows": "Windows",
    "Macintosh": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}
BROWSERS = {
    "MicroMessenger": gettext_lazy("微信"),
    "AlipayClient": gettext_lazy("支付宝"),
    "QQBrowser": gettext_lazy("QQ 浏览器"),
    "UCBrowser": gettext_lazy("UC 浏览器"),
    "HuaweiBrowser": gettext_lazy("华为浏览器"),
    "MiuiBrowser": gettext_lazy("小米浏览器"),
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}


def device_name(user_agent):
    """A browser in plain words: Safari · iPhone."""
    names = [
        next((str(name) for mark, name in known.items() if mark in user_agent), "")
        for known in (BROWSERS, SYSTEMS)
    ]
    return " · ".join(filter(None, names)) or _("不知名的设备")
