"""The options of the form: domains, and errors shown at their field."""

from __future__ import annotations

from pathlib import Path

import pytest

from protvox.errors import InputError
from protvox.structure.selection import parse_selection

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STRUCTURE = ROOT / "tests" / "data" / "1ubi.pdb"
# The first two colours of domains in `colours.js`, and that of residues in none.
FIRST, SECOND, NONE = 0x0072B2, 0xE69F00, 0xB4BAC4


def send(page, drop):
    drop(page, STRUCTURE.name, STRUCTURE.read_bytes())


def jobs_sent(page) -> int:
    return sum(url.endswith("/jobs") for url in page.requested)


@pytest.fixture(scope="module")
def page(visit):
    """The page, with the ranges open, by keys alone."""
    page = visit()
    page.locator("#options summary").focus()
    page.keyboard.press("Enter")
    page.locator("#domain-mode input").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "ranges"
    return page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter a range"),
        ("A:1-90\nA:40-12", "“40-12” is reversed; enter 12-40"),
        ("A:1-b", "“1-b” is not a range"),
        ("A:", "is neither a chain nor a range"),
        ("A,1-40", "“1-40” has no chain"),
    ],
)
def test_invalid_ranges_are_reported_at_the_field(page, drop, text, words):
    before = jobs_sent(page)
    page.locator("#ranges").fill(text)
    send(page, drop)
    assert words in page.locator("#ranges-error").inner_text()
    assert page.locator("#ranges").get_attribute("aria-invalid") == "true"
    assert "ranges-error" in page.locator("#ranges").get_attribute("aria-describedby")
    assert page.evaluate("document.activeElement.id") == "ranges"
    assert jobs_sent(page) == before


SELECTIONS = [
    "A",
    "A:1-90",
    "A:1-90,120-150",
    "A:1-90_120-150",
    "1-90",
    "1-90,100",
    "A:45",
    "A:45,47B",
    "A,B",
    "A:-5-10",
    "A:-20--10",
    "A:1A-20B",
    "A:1-90,B:5-20",
    "A,B:1-9",
    " A : 1-9 ",
    "A:1-9, 12-14",
    "AAA:1-2",
    "1",
    "45,46",
    "A:B:1-2",
    "",
    ",",
    ":",
    "A:",
    ":1-9",
    "A:1-9,",
    "A:9-1",
    "A:1-b",
    "A,1-9",
    "A:1-9-12",
    "A:1234567890-2",
    "A:1-90;B",
    "A:1_",
    "A:５-6",
    "A:1-2,A",
    "A:5,4-3",
]
READ = """async (texts) => {
  const { readSelection, SelectionError } = await import("./js/selections.js");
  return texts.map((text) => {
    try {
      return readSelection(text).map(({ chain, first, last }) => [chain, first, last]);
    } catch (error) {
      if (error instanceof SelectionError) return "refused";
      throw error;
    }
  });
}"""


def test_page_parses_selections_like_the_service(visit):
    ours = []
    for text in SELECTIONS:
        try:
            segments = parse_selection(text).segments
        except InputError:
            ours.append("refused")
            continue
        ends = [(s.chain, s.first, s.last) for s in segments]
        ours.append([[c, *(e and [e.number, e.insertion_code] for e in pair)] for c, *pair in ends])
    theirs = visit().evaluate(READ, SELECTIONS)
    assert [*zip(SELECTIONS, theirs, strict=True)] == [*zip(SELECTIONS, ours, strict=True)]


def test_errors_of_the_service_are_shown_at_the_field(page, drop):
    page.locator("#ranges").fill("Z:1-40")
    assert not page.locator("#ranges-error").is_visible()
    send(page, drop)
    page.get_by_test_id("error").wait_for()
    assert page.locator("#ranges-error").inner_text() == (
        "Chain Z does not exist. Choose one of: A."
    )
    page.locator("#ranges").fill("A:1-40")
    page.locator("#chain").fill("Y")
    page.get_by_role("button", name="with these options").click()
    page.locator("#chain-error").wait_for()
    assert page.locator("#chain-error").inner_text().startswith("Chain Y does not exist")
    page.locator("#chain").fill("")


def test_custom_ranges_are_the_domains_of_the_result(page, drop, wait_shown):
    page.locator("#ranges").fill("A:1-20,50-76\nA:21-40")
    page.get_by_role("button", name="Predict 1ubi.pdb with these options").click()
    cath = page.get_by_test_id("cath")
    cath.wait_for()
    heads = cath.locator("h3").all_inner_texts()
    assert [head.split()[0] for head in heads] == ["A:1-20,50-76", "A:21-40"]
    assert "shorter" in cath.get_by_test_id("flags").last.inner_text()
    assert cath.get_by_text("nown domains").count() >= 2
    wait_shown(page)
    page.get_by_label("Colour by").select_option("domain")
    frame = next(f for f in page.frames if "/viewer/" in f.url)
    wanted = [FIRST] * 20 + [SECOND] * 20 + [FIRST] * 27
    for _ in range(100):
        if frame.evaluate("() => residues.colours") == wanted:
            break
        page.wait_for_timeout(100)
    assert frame.evaluate("() => residues.colours") == wanted
    # What is drawn, not only what was sent: colours of the atoms of residues 45, 30 and 60.
    drawn = """(number) => {
      const { Loci } = molstar.lib.structure.StructureElement;
      const loci = Loci.fromSchema(shownStructure(), { auth_seq_id: number });
      return residues.colourOf(Loci.getFirstLocation(loci));
    }"""
    assert [frame.evaluate(drawn, n) for n in (45, 30, 60)] == [NONE, SECOND, FIRST]


def test_options_are_shown_with_the_result(page, visit):
    other = visit(page.url[page.url.index("#") :])
    other.get_by_test_id("result").wait_for()
    assert other.locator(".option").all_inner_texts() == ["domains A:1-20,50-76; A:21-40"]


def test_several_files_are_a_list_of_jobs(visit, drop):
    page = visit()
    drop(page, ["one.pdb", "two.pdb"], STRUCTURE.read_bytes())
    rows = page.get_by_test_id("jobs").locator("tbody tr")
    rows.get_by_text("done").nth(1).wait_for()
    assert [row.split("\t")[:2] for row in rows.all_inner_texts()] == [
        ["one.pdb", "76"],
        ["two.pdb", "76"],
    ]
    again = visit(page.url[page.url.index("#") :])
    again.get_by_role("link", name="two.pdb").click()
    again.get_by_test_id("result").wait_for()
    assert again.locator(".heading .file").inner_text() == "two.pdb"


def test_whole_chains_are_one_domain_each(page):
    page.locator("#domain-mode input[value=chain]").check()
    assert not page.locator("#ranges").is_visible()
    page.get_by_role("button", name="Predict 1ubi.pdb with these options").click()
    page.get_by_test_id("cath").get_by_role("heading", name="Chain A").wait_for()
    command = page.get_by_label("Commands").inner_text()
    assert "curl -F domains=chain -F file=@1ubi.pdb" in command
