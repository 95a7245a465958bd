"""Take the screenshots of the page, and the picture on it: `python docs/images/take.py [ADDRESS]`.

ADDRESS is the address of a running `protvox serve`. Needs Playwright and the system's Chromium.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

HERE: Final = Path(__file__).parent
PICTURES: Final = HERE.parents[1] / "protvox" / "service" / "static" / "img"
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
    """Take all of them."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/"
    # As root, which is usual in containers, Chromium runs only without its sandbox.
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*ARGUMENTS, *root]
        )
        take_wide(browser, address)
        take_narrow(browser, address)
        take_welcome(browser, address)
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


def take_wide(browser: Browser, address: str) -> None:
    """Take ``page.png``, the domains; and ``page-mutations.png``, with the map of all scores.

    Parameters
    ----------
    browser
        Chromium.
    address
        Address of the service.
    """
    page = open_example(browser, address, 1280, 820, "light")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(2000)
    page.screenshot(path=HERE / "page.png")
    # On a wide screen the structure stays beside the map.
    page.set_viewport_size({"width": 1920, "height": 960})
    page.get_by_role("tab", name="Mutations").click()
    scan = page.get_by_test_id("scan")
    scan.hover()
    page.locator(".maps").evaluate(
        "e => scrollTo(0, scrollY + e.getBoundingClientRect().bottom + 16 - innerHeight)"
    )
    box = scan.bounding_box() or {"x": 0, "y": 0}
    page.mouse.move(box["x"] + 14 * 59.5, box["y"] + 18 + 14 * 0.5)
    page.wait_for_timeout(5000)
    page.screenshot(path=HERE / "page-mutations.png")
    page.close()


def take_welcome(browser: Browser, address: str) -> None:
    """Take the pictures of a result that the page shows before there is one.

    Parameters
    ----------
    browser
        Chromium.
    address
        Address of the service.
    """
    for scheme in ("light", "dark"):
        page = open_example(browser, address, 1280, 900, scheme)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(2000)
        box = page.locator(".side").bounding_box() or {"x": 20, "y": 0}
        clip = {"x": box["x"], "y": box["y"], "width": 1240, "height": 530}
        path = PICTURES / f"example-{scheme}.jpg"
        page.screenshot(path=path, clip=clip, type="jpeg", quality=78)
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
