"""Take the screenshots of the page: `python docs/images/take.py [ADDRESS]`.

ADDRESS is that of a running `protvox serve`. Needs Playwright and the Chromium of the system.
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
    """Take both."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/"
    # As root, which containers are, Chromium runs without its sandbox only.
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*ARGUMENTS, *root]
        )
        take_wide(browser, address)
        take_narrow(browser, address)
        browser.close()


def open_example(browser: Browser, address: str, width: int, height: int, scheme: str) -> Page:
    """Return the page with the answer for the example, the structure shown.

    Parameters
    ----------
    browser
        Chromium.
    address
        Of the service.
    width, height
        Of the window, CSS pixels.
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
    page.get_by_test_id("answer").wait_for()
    # A browser draws no frame that is out of sight.
    page.locator(".stage").scroll_into_view_if_needed()
    page.wait_for_selector("[data-viewer=shown]")
    return page


def point(heat: Locator, residue: int) -> None:
    """Point in the heat map at a residue, given by its place from 0.

    Parameters
    ----------
    heat
        The heat map.
    residue
        Within what is seen of it.
    """
    heat.hover(position={"x": 14 * (residue + 0.5), "y": 18 + 14 * 0.5})


def take_wide(browser: Browser, address: str) -> None:
    """Take ``page.png``: the answer down to the heat map, with a residue pointed at.

    Parameters
    ----------
    browser
        Chromium.
    address
        Of the service.
    """
    page = open_example(browser, address, 1280, 1800, "light")
    point(page.get_by_test_id("heatmap"), 59)
    page.wait_for_timeout(2000)
    box = page.locator(".environments").bounding_box() or {"y": 0, "height": 1800}
    clip = {"x": 0, "y": 0, "width": 1280, "height": box["y"] + box["height"] + 16}
    page.screenshot(path=HERE / "page.png", clip=clip)
    page.close()


def take_narrow(browser: Browser, address: str) -> None:
    """Take ``page-narrow.png``: the same, dark, on a telephone.

    Parameters
    ----------
    browser
        Chromium.
    address
        Of the service.
    """
    page = open_example(browser, address, 390, 1100, "dark")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(2000)
    page.screenshot(path=HERE / "page-narrow.png")
    page.close()


if __name__ == "__main__":
    main()
