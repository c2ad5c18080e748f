"""The page of the golden records in a headless Chromium, and all that it said or asked for."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from bench.report.write import write_report
from tests.fixtures.records import golden_records, make_record
from tests.fixtures.runs import write_golden

LOG_TAIL = "Traceback:\n  <script>alert(2)</script>\nKilled"


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the golden records and of one more that failed with a log."""
    failed = make_record(backend="torch", seed=3, status="failed", log_tail=LOG_TAIL)
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, [*golden_records(), make_record(seed=3), failed], title="Golden report")
    return folder / "report.html"


@pytest.fixture(scope="session")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the golden comparison of two runs."""
    folder = tmp_path_factory.mktemp("compare")
    write_golden(folder)
    return folder / "compare.html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "There is no chromium on the PATH; `apt-get install chromium` installs it."
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root, as which CI runs.
        new = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield new
        new.close()


@pytest.fixture
def events() -> list[str]:
    """Return what the page said and asked for: console, errors, dialogs and requests."""
    return []


@pytest.fixture
def open_page(browser: Browser, report: Path, events: list[str]) -> Iterator[Callable[..., Page]]:
    """Return what opens a page, else the report, and waits for its charts.

    The options are those of a new page of the browser.
    """
    pages = []

    def dismiss(dialog: Dialog) -> None:
        events.append("dialog")
        dialog.dismiss()

    def open_one(path: Path = report, **options: Any) -> Page:
        page = browser.new_page(**options)
        pages.append(page)
        page.set_default_timeout(20_000)
        page.on("console", lambda message: events.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: events.append(f"error: {error}"))
        page.on("request", lambda request: events.append(f"request: {request.url}"))
        page.on("dialog", dismiss)
        page.goto(path.as_uri())
        page.wait_for_function("document.documentElement.dataset.drawn !== undefined")
        return page

    yield open_one
    for page in pages:
        page.close()
