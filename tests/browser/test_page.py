"""The page as a reader meets it: offline, sortable, on a phone, in the dark, and unhurt by text."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

OpenPage = Callable[..., Page]


def test_it_says_nothing_on_the_console_and_asks_for_no_other_file(
    open_page: OpenPage, report: Path, events: list[str]
) -> None:
    open_page()
    assert [event for event in events if event != "request: data:,"] == [
        f"request: {report.as_uri()}"
    ]


def test_each_section_is_there_and_each_chart_is_drawn(open_page: OpenPage) -> None:
    page = open_page()
    for name in ("verdict", "comparison", "failed", "row-1", "row-7", "measured"):
        assert page.locator(f"section#{name}").is_visible(), name
    charts = page.locator("[data-chart]")
    assert charts.count() > 40
    for chart in charts.all():
        name = chart.get_attribute("data-chart")
        assert chart.locator("svg .role-mark path, svg .role-mark line").count() > 0, name
        assert chart.bounding_box()["height"] > 60, name


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_it_round(open_page: OpenPage) -> None:
    page = open_page()
    heading = page.get_by_role("button", name="epoch s", exact=True)
    cells = page.locator('#comparison td[data-column="epoch_seconds_median"]')
    for direction, sign in (("ascending", 1), ("descending", -1)):
        heading.click()
        values = [cell.get_attribute("data-value") for cell in cells.all()]
        known = [float(value) for value in values if value]
        assert known == sorted(known, key=lambda value: sign * value)
        assert "" not in values[: len(known)], "what has no value stays last"
        assert page.locator(f"th[aria-sort={direction}]").inner_text().startswith("epoch s")
    page.get_by_role("button", name="backend", exact=True).click()
    names = page.locator("#comparison tbody th").all_inner_texts()
    assert names == sorted(names, key=lambda text: text.split()[0])


def test_a_failed_cell_is_visible_with_its_reason_and_log(open_page: OpenPage) -> None:
    page = open_page()
    failure = page.locator(".failure", has_text="-s3-")
    assert failure.locator(".reason").is_visible()
    assert failure.locator(".reason").inner_text() == "killed, possibly out of memory"
    failure.locator("summary").click()
    assert "Killed" in failure.locator("pre").inner_text()


def test_a_script_in_a_record_is_text(open_page: OpenPage, events: list[str]) -> None:
    page = open_page()
    reasons = page.locator(".reason").all_inner_texts()
    assert any("<script>alert(1)</script>" in reason for reason in reasons)
    assert "<script>alert(2)</script>" in page.locator(".failure pre").first.text_content()
    assert "dialog" not in events


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_makes_the_page_scroll_sideways(open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for chart in page.locator("[data-chart] svg").all():
        box = chart.bounding_box()
        assert box["x"] + box["width"] <= width


def test_the_dark_page_and_its_charts_are_dark(open_page: OpenPage) -> None:
    papers, inks = [], []
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        papers.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        inks.append(page.locator("svg .role-axis-label text").first.get_attribute("fill"))
    assert papers == ["rgb(246, 247, 249)", "rgb(18, 22, 28)"]
    assert inks[0] != inks[1]


def test_a_change_of_the_scheme_draws_the_charts_again(open_page: OpenPage) -> None:
    page = open_page(color_scheme="light")
    label = page.locator("svg .role-axis-label text").first
    before = label.get_attribute("fill")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "ink => document.querySelector('svg .role-axis-label text').getAttribute('fill') !== ink",
        arg=before,
    )


def test_a_comparison_shows_first_what_one_side_lacks_and_draws_its_ratios(
    open_page: OpenPage, comparison: Path, events: list[str]
) -> None:
    page = open_page(comparison, viewport={"width": 390, "height": 844})
    assert page.locator("main > section").first.get_attribute("id") == "only_in_one"
    assert page.locator("#only_in_one li").count() == 3
    drawn = page.locator('[data-chart="changes"] svg')
    assert drawn.locator(".mark-symbol.role-mark path").count() == page.evaluate(
        "rows[0].changes.length"
    )
    assert drawn.bounding_box()["x"] + drawn.bounding_box()["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [event for event in events if event != "request: data:,"] == [
        f"request: {comparison.as_uri()}"
    ]
