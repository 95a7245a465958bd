"""Take the screenshots of the page: `python docs/images/take.py [ADDRESS]`.

ADDRESS is the address of a running `protvox serve`. Needs Playwright and the system's Chromium.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Locator, Page, sync_playwright

HERE: Final = Path(__file__).parent
ARGUMENTS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
LONG_MS: Final = 600_000


def main() -> None:
    """Take both screenshots."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/"
    # As root, which is usual in containers, Chromium runs only without its sandbox.
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*ARGUMENTS, *root]
        )
        take_wide(browser, address)
        take_narrow(browser, address)
        browser.close()


def open_example(browser: Browser, address: str, width: int, height: int, scheme: str) -> Page:
    """Return the page with the predictions for the example and its structure.

    Parameters
    ----------
    browser
        Chromium.
    address
        Address of the service.
    width, height
        Size of the window, CSS pixels.
    scheme
        ``"light"`` or ``"dark"``.
    """
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.set_default_timeout(LONG_MS)
    page.goto(address)
    page.get_by_role("button", name="Try the example").click()
    page.get_by_test_id("result").wait_for()
    # A browser does not draw a frame that is out of view.
    page.locator(".stage").scroll_into_view_if_needed()
    page.wait_for_selector("[data-viewer=shown]")
    return page


def point(heat: Locator, residue: int) -> None:
    """Point at a residue in the heat map.

    Parameters
    ----------
    heat
        The heat map.
    residue
        Index of the residue in the visible part, from 0.
    """
    heat.hover(position={"x": 14 * (residue + 0.5), "y": 18 + 14 * 0.5})


def take_wide(browser: Browser, address: str) -> None:
    """Take ``page.png``: the predictions down to the heat map, with a residue highlighted.

    Parameters
    ----------
    browser
        Chromium.
    address
        Address of the service.
    """
    page = open_example(browser, address, 1280, 1800, "light")
    point(page.get_by_test_id("heatmap"), 59)
    page.wait_for_timeout(2000)
    box = page.locator(".environments").bounding_box() or {"y": 0, "height": 1800}
    clip = {"x": 0, "y": 0, "width": 1280, "height": box["y"] + box["height"] + 16}
    page.screenshot(path=HERE / "page.png", clip=clip)
    page.close()


def take_narrow(browser: Browser, address: str) -> None:
    """Take ``page-narrow.png``: the same in dark colours on a narrow screen.

    Parameters
    ----------
    browser
        Chromium.
    address
        Address of the service.
    """
    page = open_example(browser, address, 390, 1100, "dark")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(2000)
    page.screenshot(path=HERE / "page-narrow.png")
    page.close()


if __name__ == "__main__":
    main()
