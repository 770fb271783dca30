"""Sitemaps, robots, what search engines read on a home's page, and installing the site."""

import json
import re

import pytest

from ihome_site.testing import house_of_wang

pytestmark = pytest.mark.django_db


def text_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_sitemap_leads_to_every_listed_house(client):
    listed, hidden = house_of_wang(), house_of_wang(is_listed=False)
    index = text_of(client, "/sitemap.xml")
    assert "<loc>http://testserver/sitemap-houses-0.xml</loc>" in index
    houses = text_of(client, "/sitemap-houses-0.xml")
    assert f"<loc>http://testserver/houses/{listed.pk}/</loc>" in houses
    assert f"/houses/{hidden.pk}/" not in houses


def test_the_sitemap_of_pages_names_the_districts(client):
    house = house_of_wang()
    assert f"/houses/?aid={house.area.pk}</loc>" in text_of(client, "/sitemap-pages.xml")


def test_a_sitemap_of_houses_that_are_not_there(client):
    assert client.get("/sitemap-houses-99.xml").status_code == 404


def test_sitemaps_cost_one_query(client, django_assert_num_queries):
    house_of_wang()
    for path in ("/sitemap.xml", "/sitemap-pages.xml", "/sitemap-houses-0.xml"):
        with django_assert_num_queries(1):
            client.get(path)


def test_robots_stay_out_of_private_pages(client):
    robots = text_of(client, "/robots.txt").splitlines()
    assert {"Disallow: /accounts/", "Disallow: /orders/", "Disallow: /admin/"} < set(robots)
    assert "Sitemap: http://testserver/sitemap.xml" in robots


def structured(client, house):
    page = text_of(client, f"/houses/{house.pk}/")
    return json.loads(re.search('ld\\+json">(.*?)</script>', page)[1])


def test_a_home_tells_search_engines_what_it_is(client, settings):
    settings.SITE_URL = "https://ihome.example"
    house = house_of_wang(star_total=9, review_count=2)
    facts = structured(client, house)
    assert (facts["@type"], facts["name"]) == ("LodgingBusiness", house.title)
    assert facts["url"] == f"https://ihome.example/houses/{house.pk}/"
    assert facts["aggregateRating"]["ratingValue"] == "4.5"


def test_a_home_without_reviews_claims_no_rating(client):
    assert "aggregateRating" not in structured(client, house_of_wang())


def test_a_title_cannot_end_the_structured_data(client):
    title = "</script><script>alert(1)</script>"
    assert structured(client, house_of_wang(title=title))["name"] == title


def test_the_manifest_names_icons_that_exist(client):
    manifest = json.loads(text_of(client, "/manifest.webmanifest"))
    assert [icon["sizes"] for icon in manifest["icons"]] == ["192x192", "512x512", "512x512"]
    assert manifest["start_url"] == "/"


def test_the_service_worker_keeps_no_page_of_a_visitor(client):
    kept = json.loads(re.search("const KEPT = (.*);", text_of(client, "/sw.js"))[1])
    assert kept[0] == "/offline/"
    assert all(path.startswith("/static/") for path in kept[1:])
    assert client.get("/sw.js")["Content-Type"] == "text/javascript"
