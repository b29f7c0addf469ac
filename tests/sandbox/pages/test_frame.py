"""What every page has, in a real Chromium."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.sandbox.pages.visit import Visits, assert_accessible


def test_the_first_page_is_the_phones_and_says_what_it_stands_in_for(visits: Visits) -> None:
    page = visits.open("/")
    assert page.url.endswith("/phones")
    expect(page.get_by_role("contentinfo")).to_contain_text("neither Auth0 nor NTT CPaaS")
    expect(page.get_by_role("link", name="Phones")).to_have_attribute("aria-current", "page")


def test_the_keyboard_gets_past_the_navigation_at_once(visits: Visits) -> None:
    page = visits.open("/phones")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_a_page_that_is_not_there_says_where_to_go(visits: Visits) -> None:
    page = visits.open("/phones")
    assert page.request.get("/<script>alert(1)</script>").status == 404
    assert_accessible(visits, "/phones")
