"""Bookings under load: how many a second, how long the slowest takes, and who sees them."""

import secrets
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import requests

from bench.load import drive

BUYERS = 50
CSRF = "c" * 32
FAR = 300  # days ahead: nights that the bulk orders leave free
CHECKS = 20
TRIES = 10


class Buyer:
    def __init__(self, site, session):
        self.url = site.url
        self.browser = requests.Session()
        self.browser.cookies.update({"sessionid": session, "csrftoken": CSRF})

    def book(self, house, night, nights=2):
        """True when the nights were had."""
        begin = date.today() + timedelta(days=night)
        form = {
            "begin_date": begin.isoformat(),
            "end_date": (begin + timedelta(days=nights)).isoformat(),
            "guests": "1",
            "token": secrets.token_urlsafe(16),
            "csrfmiddlewaretoken": CSRF,
        }
        answer = self.browser.post(
            f"{self.url}/houses/{house}/book/", data=form, allow_redirects=False, timeout=30
        )
        if answer.status_code not in {302, 409}:
            raise RuntimeError(f"a booking was answered with {answer.status_code}")
        return answer.status_code == 302, answer.elapsed.total_seconds()


def race(site, house_of):
    """All buyers book the same nights at once. (nights sold a second, answers a second, times)"""
    buyers = [Buyer(site, session) for session in site.sessions[:BUYERS]]
    barrier = threading.Barrier(len(buyers))

    def run(place):
        barrier.wait()
        return buyers[place].book(house_of(place), FAR)

    with ThreadPoolExecutor(len(buyers)) as pool:
        began = time.monotonic()
        answers = list(pool.map(run, range(len(buyers))))
        took = time.monotonic() - began
    sold = sum(won for won, _seconds in answers)
    return sold / took, len(answers) / took, [seconds for _won, seconds in answers]


def races(site):
    """The figures of 50 buyers on one house and on 50, anywhere among the homes."""
    for _n in range(TRIES):  # an earlier run may have taken these nights
        first = 1 + secrets.randbelow(site.homes - BUYERS)
        one = race(site, lambda place, house=first: house)
        if one[0]:
            break
    else:
        raise RuntimeError("nobody could book: too many requests of today's runs still wait")
    many = race(site, lambda place: first + 1 + place)
    return {
        "one_house_sold_per_s": one[0],
        "fifty_houses_sold_per_s": many[0],
        "sold_ratio": many[0] / one[0],
        "answers_ratio": many[1] / one[1],
        "one_house_p99_s": statistics.quantiles(one[2], n=100)[98],
    }


def seen_at_once(site, paths):
    """Book CHECKS homes while the site is under load; how many the next searches still showed."""
    night = date.today() + timedelta(days=FAR + 20)
    query = {"sd": night.isoformat(), "ed": (night + timedelta(days=2)).isoformat()}
    stale = 0
    load = threading.Thread(target=drive, args=(site.url, paths, 10))
    load.start()
    for n in range(CHECKS):
        page = requests.get(f"{site.url}/houses/", query, timeout=30).text
        house = int(page.partition('house-card__title"><a href="/houses/')[2].partition("/")[0])
        won, _seconds = Buyer(site, site.sessions[n]).book(house, FAR + 20)
        if not won:
            raise RuntimeError("a home that search shows could not be booked")
        for _again in range(4):  # connections of their own: either process may answer
            page = requests.get(f"{site.url}/houses/", query, timeout=30).text
            stale += f'href="/houses/{house}/' in page
    load.join()
    return stale
