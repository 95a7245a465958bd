"""Whether everybody can read and reach what the page shows."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STRUCTURE = ROOT / "tests" / "data" / "1ubi.pdb"
VIEWS = ("Domains", "Check", "Mutations")
LEAST, LEAST_OF_CONTROLS = 4.5, 3.0  # WCAG 2.2, level AA
MEASURE = """() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return parts("white");
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const found = [];
  const add = (kind, element, colour, on) => found.push({ kind, contrast: contrast(colour, on),
    what: `${element.tagName}.${element.className}: ${element.textContent.slice(0, 30)}` });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    add("text", element, parts(getComputedStyle(element).color), ground(element));
  }
  for (const field of document.querySelectorAll(
      "input:not([type=radio], [type=checkbox]), textarea")) {
    if (!field.checkVisibility()) continue;
    const colour = parts(getComputedStyle(field, "::placeholder").color);
    add("text", field, colour, ground(field));
    add("control", field, parts(getComputedStyle(field).borderTopColor),
      ground(field.parentElement));
  }
  return found;
}"""
UNNAMED = """() => [...document.querySelectorAll(
    "button, input, textarea, select, a, summary, [tabindex], iframe, [role]")]
  .filter((e) => e.checkVisibility() && !e.matches("[role=status], #result"))
  .filter((e) => !(e.getAttribute("aria-label") || e.title || e.labels?.length
    || e.textContent.trim()))
  .map((e) => e.outerHTML.slice(0, 120))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = """() => [...document.querySelectorAll(
    "button, input, textarea, select, a[href], summary, [tabindex='0']")]
  .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0)
  .filter((e) => e.type !== "radio" || e.checked)
  .map((e) => {
    e.focus({ focusVisible: true });
    const style = getComputedStyle(e.matches(".hidden") ? e.closest(".drop") : e);
    return { what: e.outerHTML.slice(0, 120), width: parseFloat(style.outlineWidth),
      line: style.outlineStyle };
  })"""


@pytest.fixture(scope="module", params=["light", "dark"])
def page(request, visit, drop):
    """An answer with warnings, and an error at a field, on a narrow screen."""
    page = visit(width=390, height=844, color_scheme=request.param, reduced_motion="reduce")
    drop(page, STRUCTURE.name, STRUCTURE.read_bytes())
    page.get_by_test_id("result").wait_for()
    page.locator("#options summary").click()
    page.locator("#domain-mode input[value=ranges]").check()
    page.get_by_role("button", name="with these options").click()
    page.locator("#ranges-error").wait_for()
    page.evaluate("""async () => {
      const { errorState, loadingState } = await import("./js/states.js");
      const problem = { what: "x", where: "y", remedy: "z", code: "c", requestId: "r" };
      document.getElementById("result").append(errorState(problem, () => {}),
        loadingState("name", () => {}).element);
      document.getElementById("result").insertAdjacentText("beforeend", "bare");
    }""")
    return page


def test_texts_have_enough_contrast(page, open_tab):
    for view in VIEWS:
        open_tab(page, view)
        if view == "Mutations":
            page.get_by_test_id("scan").wait_for()
        measured = page.evaluate(MEASURE)
        assert len(measured) > 100
        assert [m for m in measured if m["kind"] == "text" and m["contrast"] < LEAST] == []
        assert page.evaluate(UNNAMED) == []
        assert page.evaluate(WIDER) == 0
    open_tab(page, "Domains")


def test_fields_have_enough_contrast(page):
    measured = [m for m in page.evaluate(MEASURE) if m["kind"] == "control"]
    assert len(measured) >= 5
    assert [m for m in measured if m["contrast"] < LEAST_OF_CONTROLS] == []


def test_every_control_has_a_name(page):
    assert page.evaluate(UNNAMED) == []


def test_every_control_is_reached_by_tab(page, open_tab):
    open_tab(page, "Domains")
    page.get_by_test_id("strip").wait_for()
    # Once inside the viewer, the keys belong to it.
    page.evaluate("document.querySelectorAll('iframe').forEach((e) => { e.inert = true; })")
    expected = [control["what"] for control in page.evaluate(FOCUSED)]
    page.evaluate("""() => {
      window.reached = [];
      addEventListener("focusin", ({ target }) => reached.push(target.outerHTML.slice(0, 120)));
      document.activeElement.blur();
    }""")
    page.locator(".skip").focus()
    for _ in range(len(expected) + 15):
        page.keyboard.press("Tab")
    assert len(expected) > 20
    assert sorted(set(expected) - set(page.evaluate("reached"))) == []


@pytest.mark.parametrize("view", VIEWS)
def test_focus_is_always_visible(page, open_tab, view):
    open_tab(page, view)
    if view == "Mutations":
        page.get_by_test_id("scan").wait_for()
    focused = page.evaluate(FOCUSED)
    assert len(focused) > 20
    assert [f for f in focused if f["line"] == "none" or f["width"] < 2] == []


def test_reduced_motion_is_respected(page):
    still = "e => getComputedStyle(e).animationName"
    assert page.locator(".spinner").evaluate(still) == "none"


def test_nothing_is_wider_than_the_screen(page):
    assert page.evaluate(WIDER) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "words"), [("", "Which mutations?"), ("docs/", "curl -F")])
def test_pages_without_a_result_are_readable(visit, scheme, path, words):
    page = visit(path, width=390, height=844, color_scheme=scheme)
    page.get_by_text(words).first.wait_for()
    assert [m for m in page.evaluate(MEASURE) if m["contrast"] < LEAST_OF_CONTROLS] == []
    texts = [m for m in page.evaluate(MEASURE) if m["kind"] == "text"]
    assert len(texts) > 15 and [m for m in texts if m["contrast"] < LEAST] == []
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(WIDER) == 0
    assert page.complaints == []


# What sticks out of its card, but for what scrolls within it.
OUTSIDE = """() => [...document.querySelectorAll(".card")].flatMap((card) => {
  const end = card.getBoundingClientRect().right;
  return [...card.querySelectorAll("*")]
    .filter((e) => e.checkVisibility() && !e.closest(".scroll, .heat, .strip, .hidden"))
    .filter((e) => e.getBoundingClientRect().right > end + 0.5)
    .map((e) => `${card.className}: ${e.outerHTML.slice(0, 120)}`);
})"""
TWO_FRAMES = "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
# Tables that need to be scrolled to be read.
CUT = """() => [...document.querySelectorAll(".scroll")].filter((e) => e.checkVisibility())
  .filter((e) => e.scrollWidth > e.clientWidth)
  .map((e) => [e.getAttribute("aria-label"), e.scrollWidth - e.clientWidth])"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_states_that_are_seldom_seen_are_readable(visit, service, scheme):
    """Components with long words and invented answers, from `states.js` beside this file."""
    page = visit("icon.svg", color_scheme=scheme, reduced_motion="reduce")
    beside = Path(__file__).parent
    page.route(f"{service}states.html", lambda r: r.fulfill(path=beside / "states.html"))
    page.route(f"{service}states.js", lambda r: r.fulfill(path=beside / "states.js"))
    page.goto(f"{service}states.html")
    page.locator("body[data-ready]").wait_for(timeout=30_000)
    assert page.get_by_test_id("jobs").inner_text().count("failed") == 3  # and the summary
    assert page.get_by_text("2 stretches may be wrong, 1 with p ≤ 0.01").is_visible()
    for width in (390, 1280, 1600, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(TWO_FRAMES)  # A size is noticed, and drawn, within the next one.
        assert page.evaluate(WIDER) == 0
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate(CUT) == []
    measured = page.evaluate(MEASURE)
    assert len(measured) > 200
    assert [m for m in measured if m["kind"] == "text" and m["contrast"] < LEAST] == []
    assert page.evaluate(UNNAMED) == []
    assert page.complaints == []


CARDS = """() => [...document.querySelectorAll("#result .card, #result .heading")]
  .filter((e) => e.checkVisibility())
  .map((e) => [e.className, e.getBoundingClientRect()])
  .map(([name, { left, right, top, bottom }]) => ({ name, left, right, top, bottom }))"""


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_no_card_covers_another_while_scrolling(visit, drop, open_tab, width):
    page = visit(width=width, height=800)
    drop(page, STRUCTURE.name, STRUCTURE.read_bytes())
    page.get_by_test_id("result").wait_for()
    page.get_by_test_id("strip").wait_for()
    for view in VIEWS:
        open_tab(page, view)
        if view == "Mutations":
            page.get_by_test_id("scan").wait_for()
        end = page.evaluate("document.documentElement.scrollHeight - innerHeight")
        assert end > 200, "the answer fits the window, so nothing scrolls"
        for top in range(0, end + 100, 100):
            page.evaluate("top => scrollTo({ top, behavior: 'instant' })", top)
            cards = page.evaluate(CARDS)
            if width == 1920:
                (structure,) = (card for card in cards if "structure" in card["name"])
                assert 0 <= structure["top"] < 300, "beside all that is scrolled"
                assert max(card["right"] for card in cards) > width - 60
            assert len(cards) >= 5
            assert [
                (a["name"], b["name"]) for a, b in combinations(cards, 2) if overlap(a, b)
            ] == []


def overlap(a, b) -> bool:
    """Whether two boxes share more than a pixel in both directions."""
    wide = min(a["right"], b["right"]) - max(a["left"], b["left"])
    high = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
    return wide > 1 and high > 1
