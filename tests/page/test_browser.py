"""The page as somebody uses it: Chromium against a service."""

from __future__ import annotations

import base64
import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import gemmi
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STRUCTURE = ROOT / "tests" / "data" / "1ubi.pdb"
LONG_MS = 240_000
CELL, TOP = 14, 18
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  document.getElementById("drop").dispatchEvent(
    new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""
HIGHLIGHTED = """() => {
  const { prev } = viewer.plugin.managers.interactivity.lociHighlights;
  return prev.length ? indexOf(prev[0].loci ?? prev[0]) : -1;
}"""


def drop(page, name: str, data: bytes):
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def new_page(browser, width: int = 1280):
    """A page that may take its time: graphics are computed by the processor here."""
    page = browser.new_page(viewport={"width": width, "height": 900}, accept_downloads=True)
    page.set_default_timeout(LONG_MS)
    return page


@pytest.fixture(scope="module")
def page(service, browser):
    """The page with an answer, and what it asked for meanwhile."""
    page = new_page(browser)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(service)
    drop(page, STRUCTURE.name, STRUCTURE.read_bytes())
    page.wait_for_selector("[data-testid=answer]")
    page.wait_for_selector("[data-viewer=shown]")
    yield page
    page.close()


@pytest.fixture(scope="module")
def from_command_line(tmp_path_factory):
    """What `protvox classify` writes for the same file, by format."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")}
    environment |= {"PYTHONPATH": str(ROOT), "PROTVOX_THREADS": "1"}
    folder = tmp_path_factory.mktemp("cli")
    program = [sys.executable, "-c", "from protvox.cli import main; main()", "classify"]
    subprocess.run([*program, str(STRUCTURE), "-o", str(folder / "answer.csv")], check=True,
                   env=environment, timeout=300)  # fmt: skip
    with (folder / "answer.csv").open() as file:
        return list(csv.DictReader(file))


def saved(page, label: str, tmp_path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_test_id("downloads").get_by_role("button", name=label, exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_the_csv_has_the_numbers_of_the_command_line(page, from_command_line, tmp_path):
    path = saved(page, "CSV", tmp_path)
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert path.name == "1ubi.csv"
    assert len(rows) == len(from_command_line) == 76
    for ours, theirs in zip(rows, from_command_line, strict=True):
        assert ours.keys() == theirs.keys()
        for key, value in theirs.items():
            if key == "p_wild_type" or key.startswith("p_") or key == "entropy":
                assert float(ours[key]) == pytest.approx(float(value), rel=1e-3, abs=1e-5)
            elif key != "architecture_probability" and key != "id":
                assert ours[key] == value, key


def test_the_cath_answer_is_that_of_the_service(page, tmp_path):
    answer = json.loads(saved(page, "JSON", tmp_path).read_text())
    domain = answer["domains"][0]
    text = page.get_by_test_id("cath").inner_text()
    assert f"{domain['class']['label']} {domain['class']['name']}" in text
    for ranked in domain["architectures"]:
        assert ranked["label"] in text and ranked["name"] in text


def test_a_residue_pointed_at_in_the_heat_map_is_pointed_at_everywhere(page):
    heat = page.get_by_test_id("heatmap")
    heat.scroll_into_view_if_needed()
    heat.hover(position={"x": 20.5 * CELL, "y": TOP + 3.5 * CELL})
    readout = page.get_by_test_id("readout")
    assert readout.inner_text().startswith("A 21 ASP")
    assert "LEU 0." in readout.inner_text() or "LEU <" in readout.inner_text()
    frame = next(f for f in page.frames if "/viewer/" in f.url)
    wait_highlighted(page, frame, 20)
    page.mouse.move(2, 2)
    wait_highlighted(page, frame, -1)


def wait_highlighted(page, frame, index: int):
    # Playwright's own waiting evaluates strings, which the policy of the frame forbids.
    for _ in range(100):
        if frame.evaluate(HIGHLIGHTED) == index:
            return
        page.wait_for_timeout(200)
    assert frame.evaluate(HIGHLIGHTED) == index


def test_keys_move_through_the_sequence(page):
    page.get_by_test_id("strip").focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.get_by_test_id("readout").inner_text().startswith("A 3 ILE")
    page.keyboard.press("End")
    assert page.get_by_test_id("readout").inner_text().startswith("A 76 GLY")
    page.keyboard.press("Escape")


def test_the_annotated_pdb_has_the_probabilities(page, from_command_line, tmp_path):
    path = saved(page, "PDB", tmp_path)
    chain = gemmi.read_structure(str(path))[0]["A"]
    original = gemmi.read_structure(str(STRUCTURE))[0]["A"]
    for row in from_command_line:
        (residue,), (there,) = chain[row["number"]], original[row["number"]]
        for atom in residue:
            assert atom.b_iso == pytest.approx(100 * float(row["p_wild_type"]), abs=0.1)
            assert atom.occ == 1
            assert atom.pos.dist(there.find_atom(atom.name, "*").pos) < 2e-3
            assert there.find_atom(atom.name, "*").element == atom.element


def test_the_figures_are_pictures(page, tmp_path):
    svg = saved(page, "Heat map SVG", tmp_path).read_text()
    assert svg.startswith("<svg") and "1ubi.pdb" in svg
    for label in ("Heat map PNG", "Structure PNG"):
        data = saved(page, label, tmp_path).read_bytes()
        assert data.startswith(b"\x89PNG") and len(data) > 5000


def test_mutations_are_scored(page):
    card = page.get_by_test_id("mutations")
    card.get_by_role("textbox").fill("A:I3D\nA:I3V")
    card.get_by_role("button", name="Score these").click()
    card.locator("tbody tr").first.wait_for()
    rows = [row.locator("td").all_inner_texts() for row in card.locator("tbody tr").all()]
    assert [row[:3] for row in rows] == [["A 3", "ILE", "ASP"], ["A 3", "ILE", "VAL"]]
    assert float(rows[0][3]) > float(rows[1][3])


def test_nobody_else_is_asked(page, service):
    hosts = {urlsplit(url).netloc for url in page.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(service).netloc}
    assert page.complaints == []


def test_the_address_leads_back_to_the_answer(page, browser):
    other = new_page(browser, width=390)
    other.goto(page.url)
    other.wait_for_selector("[data-testid=answer]")
    assert other.locator("h1").inner_text() == "1ubi.pdb"
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert other.evaluate(wide) == 0
    other.close()


def test_an_error_says_what_where_and_what_to_do_as_text(service, browser):
    other = new_page(browser)
    other.goto(service)
    drop(other, "<img src=x onerror=document.title=1>.pdb", b"hello <b>world</b>\n" * 20)
    error = other.get_by_test_id("error")
    error.wait_for()
    assert "not a structure" in error.inner_text()
    assert "<img src=x onerror=document.title=1>.pdb" in error.inner_text()
    assert "What to do" in error.inner_text()
    assert error.locator("img, b").count() == 0
    other.close()


def test_a_protein_of_5000_residues_is_drawn_in_pieces(service, browser):
    other = new_page(browser)
    result = long_result(5000)
    job = {"id": "long", "state": "done", "task": "all", "name": "long", "n_residues": 5000}
    other.route("**/jobs/long", lambda route: route.fulfill(json=job))
    other.route("**/jobs/long/results?format=json", lambda route: route.fulfill(json=result))
    other.goto(f"{service}#job=long")
    heat = other.get_by_test_id("heatmap")
    heat.wait_for()
    other.get_by_test_id("strip").focus()
    other.keyboard.press("End")
    assert other.get_by_test_id("readout").inner_text().startswith("A 5000 ALA")
    assert heat.evaluate("e => e.scrollLeft") > 5000 * CELL - 1280
    assert max(other.locator("canvas").evaluate_all("all => all.map(c => c.width)")) <= 1280
    other.close()


def long_result(n: int) -> dict:
    codes = "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL"
    row = dict.fromkeys(codes.split(), 0.05)
    residues = [
        {"chain": "A", "number": i, "insertion_code": "", "wild_type": "ALA", "predicted": "ALA",
         "p_wild_type": 0.05, "entropy": 3.0, "probabilities": row}
        for i in range(1, n + 1)
    ]  # fmt: skip
    read = {"name": "long", "format": "pdb", "sha256": "", "model": 1, "n_atoms": 8 * n,
            "n_residues": n, "dropped": []}  # fmt: skip
    return {"schema": "protvox.classify/1", "input": read, "models": {}, "domains": [],
            "residues": residues, "warnings": []}  # fmt: skip
