"""Who the visitor is, seen through proxies we trust and others we do not."""

import ipaddress

import pytest

from accounts.models import LoginAttempt, network_of
from ihome_site.middleware import visitor_address

NOWHERE = "0.0.0.0"  # noqa: S104 - what a unix socket gives
PROXY = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("forwarded", "remote", "seen"),
    [
        ("", "203.0.113.9", "203.0.113.9"),
        ("198.51.100.7", "203.0.113.9", "203.0.113.9"),
        ("198.51.100.7", "10.0.0.2", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7", "10.0.0.2", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7, 10.9.9.9", "10.0.0.2", "198.51.100.7"),
        ("10.1.1.1, 198.51.100.7", "10.0.0.2", "198.51.100.7"),
        ("198.51.100.7, nonsense", "10.0.0.2", "10.0.0.2"),
        ("2001:db8::7", "fd00::1", "2001:db8::7"),
        ("::ffff:198.51.100.7", "::ffff:10.0.0.2", "198.51.100.7"),
        ("", "", NOWHERE),
        ("198.51.100.7", "", NOWHERE),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(forwarded, remote, seen):
    meta = {"HTTP_X_FORWARDED_FOR": forwarded, "REMOTE_ADDR": remote}
    assert visitor_address(meta, PROXY) == seen


def test_nobody_is_trusted_by_default():
    meta = {"HTTP_X_FORWARDED_FOR": "198.51.100.7", "REMOTE_ADDR": "127.0.0.1"}
    assert visitor_address(meta, []) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("2001:db8:1:3::", "2001:db8:1:3::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_a_visitor_holds_an_ipv4_address_or_an_ipv6_64(address, network):
    assert network_of(address) == network


@pytest.mark.django_db
def test_a_forged_header_does_not_open_a_new_budget(client):
    for n in range(3):
        form = {"mobile": "13900000002", "password": "guess-work"}
        client.post("/accounts/login/", form, headers={"x-forwarded-for": f"198.51.100.{n}"})
    assert set(LoginAttempt.objects.values_list("address", flat=True)) == {"127.0.0.1"}
