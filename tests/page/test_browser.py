"""The page as somebody uses it: Chromium against a service."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from urllib.parse import urlsplit

import gemmi
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STRUCTURE = ROOT / "tests" / "data" / "1ubi.pdb"
CELL, TOP = 14, 18
# What Lighthouse calls good.
MOST_SHIFTED, FIRST_PAINT_MS = 0.1, 1000
HIGHLIGHTED = """() => {
  const { prev } = viewer.plugin.managers.interactivity.lociHighlights;
  return prev.length ? indexOf(prev[0].loci ?? prev[0]) : -1;
}"""

ATOMS = """() => viewer.plugin.managers.structure.hierarchy.current.structures
  .map((s) => s.cell.obj?.data.elementCount ?? 0)"""


@pytest.fixture(scope="module")
def page(visit, drop, wait_shown):
    """The page with a result, and the addresses it requested."""
    page = visit()
    drop(page, STRUCTURE.name, STRUCTURE.read_bytes())
    page.wait_for_selector("[data-testid=result]")
    # The form becomes one line when a structure is dropped.
    page.evaluate("shifts.splice(0)")
    wait_shown(page)
    return page


@pytest.fixture(scope="module")
def csv_of_command_line(tmp_path_factory, run_protvox):
    """What `protvox classify` writes for the same file."""
    path = tmp_path_factory.mktemp("cli") / "answer.csv"
    run_protvox("classify", STRUCTURE.name, "-o", str(path), cwd=STRUCTURE.parent)
    return path.read_bytes()


@pytest.fixture
def from_command_line(csv_of_command_line):
    return list(csv.DictReader(csv_of_command_line.decode().splitlines()))


def saved(page, label: str, tmp_path: Path) -> Path:
    with page.expect_download() as download:
        button = page.get_by_test_id("downloads").get_by_role("button", name=label, exact=True)
        button.press("Enter")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_csv_equals_that_of_the_command_line(page, csv_of_command_line, tmp_path):
    path = saved(page, "CSV", tmp_path)
    assert path.name == "1ubi.csv"
    assert path.read_bytes() == csv_of_command_line
    assert len(csv_of_command_line.splitlines()) == 77


def test_cath_card_shows_the_result_of_the_service(page, tmp_path):
    answer = json.loads(saved(page, "JSON", tmp_path).read_text())
    domain = answer["domains"][0]
    card = page.get_by_test_id("cath")
    # CATH names the superfamily after a domain of an example; the topology has a better name.
    assert card.locator(".what").inner_text() == "Ubiquitin-like (UB roll)"
    assert "CATH calls “Phosphatidylinositol 3-kinase Catalytic Subunit" in card.inner_text()
    card.get_by_text("Architectures").click()
    text = card.inner_text()
    assert f"{domain['class']['label']} {domain['class']['name']}" in text
    for ranked in domain["architectures"]:
        assert ranked["label"] in text and ranked["name"] in text


def test_title_of_the_file_is_shown(page):
    heading = page.locator(".heading")
    assert heading.locator("h1").inner_text().startswith("SYNTHETIC STRUCTURAL AND BIOLOG")
    assert heading.locator(".file").inner_text() == "1ubi.pdb"
    assert page.locator(".warning").count() == 0


def test_structure_and_answer_are_above_the_fold(page):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("scrollTo(0, 0)")
    for part in (".stage", ".domain .what", ".domain .sure"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= 800, part
    page.set_viewport_size({"width": 1280, "height": 900})


def test_hovering_the_heat_map_highlights_the_residue_everywhere(page, open_tab):
    open_tab(page, "Check")
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


def test_tabs_keep_the_selection_and_follow_the_keys(page):
    """Each view has its own colours; the selected residue stays."""
    page.get_by_test_id("strip").focus()
    for key in ("Home", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("tab", name="Check").focus()
    seen = []
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
        chosen = page.locator("[role=tab][aria-selected=true]")
        seen.append((chosen.get_attribute("id"), page.get_by_label("Colour by").input_value()))
        assert page.get_by_role("tabpanel").count() == 1
        assert page.get_by_test_id("readout").inner_text().startswith("A 2 GLN")
    assert seen[0] == ("tab-domains", "domain") and seen[1][0] == "tab-check"
    assert seen[2][0] == "tab-mutations"
    assert page.url.endswith("&view=mutations")
    page.get_by_test_id("strip").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def test_check_looks_for_wrong_stretches(page, open_tab):
    open_tab(page, "Check")
    card = page.get_by_test_id("residues")
    card.get_by_test_id("segments").wait_for()
    assert card.get_by_test_id("segments").inner_text() == "No stretch looks wrong."
    assert card.get_by_text("The sequence fits its surroundings better than").is_visible()
    assert page.get_by_label("Colour by").input_value() == "finding"
    assert "may be wrong" in page.locator(".structure .legend").inner_text()


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


def test_figures_are_images(page, tmp_path):
    svg = saved(page, "Heat map SVG", tmp_path).read_text()
    assert svg.startswith("<svg") and "1ubi.pdb" in svg
    for label in ("Heat map PNG", "Structure PNG"):
        data = saved(page, label, tmp_path).read_bytes()
        assert data.startswith(b"\x89PNG") and len(data) > 5000


def score(cell: str) -> float:
    """Return the number of a cell, whose second line is an interval."""
    return float(cell.splitlines()[0].replace("−", "-"))


def test_all_substitutions_are_a_map_and_a_list(page, open_tab):
    open_tab(page, "Mutations")
    heat = page.get_by_test_id("scan")
    heat.wait_for()
    assert page.get_by_label("Colour by").input_value() == "mean mutation score"
    card = page.get_by_test_id("mutations")
    assert card.get_by_label("Source").inner_text().startswith("all substitutions (1,444)")
    rows = card.locator("tbody tr")
    scores = [score(x) for x in card.locator("td:nth-child(3)").all_inner_texts()]
    assert scores == sorted(scores) and len(scores) == 12
    names = card.locator("td:nth-child(2)")
    assert not {"C", "P"} & {name[-1] for name in names.all_inner_texts()}
    card.get_by_label("Mutant").select_option("TRP")
    assert {name[-1] for name in names.all_inner_texts()} == {"W"}
    rows.first.get_by_role("button").click()
    card.get_by_label("selected residue only").check()
    assert rows.count() == 1
    rows.first.get_by_role("button").click()
    readout = page.get_by_test_id("readout")
    for _ in range(20):  # after scrolling, see `open_tab`
        heat.hover(position={"x": 2.5 * CELL, "y": TOP + 0.5 * CELL})
        if "I3G" in readout.inner_text():
            break
        page.mouse.move(2, 2)
        page.wait_for_timeout(100)
    assert "mean score" in readout.inner_text() and "I3G" in readout.inner_text()
    words = page.locator(".maps .legend").inner_text()
    assert words.startswith("stabilising") and words.endswith("destabilising")


def test_mutations_are_scored(page):
    card = page.get_by_test_id("mutations")
    card.get_by_text("Score a list").click()
    card.get_by_label("Mutations, one per line").fill("A:I3D\nA:I3V")
    card.get_by_role("button", name="Score these").click()
    card.get_by_label("Source").get_by_text("your list (2)").wait_for(state="attached")
    rows = [row.locator("td").all_inner_texts() for row in card.locator("tbody tr").all()]
    assert [row[:2] for row in rows] == [["A 3", "I3D"], ["A 3", "I3V"]]
    assert score(rows[0][2]) > score(rows[1][2])


def test_invalid_mutations_are_reported_in_their_card(page):
    card = page.get_by_test_id("mutations")
    card.get_by_label("Mutations, one per line").fill("A:X3D")
    card.get_by_role("button", name="Score these").click()
    error = card.get_by_test_id("error")
    error.wait_for()
    assert "'X' is not one of the 20 amino acids" in error.inner_text()
    assert card.get_by_role("button", name="Score these").is_enabled()


def test_suggestions_have_reasons_and_cautions(page, open_tab, tmp_path):
    open_tab(page, "Mutations")
    part = page.get_by_test_id("suggestions")
    part.get_by_label("no new Cys or Pro").check()
    part.get_by_label("keep residues").fill("A:48")
    part.get_by_role("button", name="Suggest what to order").press("Enter")
    part.get_by_role("button", name="Suggestions CSV").wait_for()
    rows = [row.inner_text() for row in part.locator("tbody tr").all()]
    assert 5 <= len(rows) <= 12
    assert all(" to " in row for row in rows), "intervals"
    with page.expect_download() as download:
        part.get_by_role("button", name="Suggestions CSV").press("Enter")
    path = tmp_path / "suggestions.csv"
    download.value.save_as(path)
    assert download.value.suggested_filename == "1ubi-suggestions.csv"
    found = list(csv.DictReader(path.read_text().splitlines()))
    assert rows[0].startswith(f"A {found[0]['mutation']}")
    assert {"48"}.isdisjoint(row["number"] for row in found)
    assert {"CYS", "PRO"}.isdisjoint(row["mutant"] for row in found)
    assert [float(row["ddg"]) for row in found] == sorted(float(row["ddg"]) for row in found)
    assert any("Caution" in row for row in rows)
    part.get_by_label("without a caution").check()
    clear = [row.inner_text() for row in part.locator("tbody tr").all()]
    assert len(clear) > 5 and not any("Caution" in row for row in clear)
    part.get_by_label("keep residues").fill("A:4800")
    part.get_by_role("button", name="Suggest what to order").press("Enter")
    assert "4800" in part.get_by_test_id("error").inner_text()


def test_a_known_domain_is_superposed_and_taken_away(page, open_tab):
    open_tab(page, "Domains")
    button = page.get_by_test_id("cath").get_by_role("button", name="Superpose").first
    frame = next(f for f in page.frames if "/viewer/" in f.url)
    button.press("Enter")
    wait_pressed(page, button, "true")
    atoms = wait_structures(page, frame, 2)
    assert 60 <= atoms <= 110, "CA atoms of a domain like ubiquitin"
    button.press("Enter")
    wait_pressed(page, button, "false")
    wait_structures(page, frame, 1)
    assert page.complaints == []


def wait_pressed(page, button, state):
    for _ in range(600):
        if button.get_attribute("aria-pressed") == state and button.is_enabled():
            return
        page.wait_for_timeout(200)
    raise TimeoutError(state)


def wait_structures(page, frame, number: int) -> int:
    """Wait for so many structures in the viewer; the number of atoms of the last."""
    for _ in range(300):
        atoms = frame.evaluate(ATOMS)
        if len(atoms) == number:
            return atoms[-1]
        page.wait_for_timeout(200)
    raise TimeoutError(str(atoms))


def test_nothing_moves_by_itself(page):
    """While structure, check, map and suggestions arrived."""
    assert page.evaluate("shifts.reduce((a, b) => a + b, 0)") < MOST_SHIFTED


def test_the_first_paint_is_soon(visit):
    """The best of a few, since other tests may occupy the computer."""
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity"
    for _ in range(3):
        other = visit()
        other.locator(".empty").wait_for()
        other.wait_for_timeout(100)
        if other.evaluate(paint) < FIRST_PAINT_MS:
            break
    assert other.evaluate(paint) < FIRST_PAINT_MS
    assert other.evaluate("shifts.reduce((a, b) => a + b, 0)") < MOST_SHIFTED


def test_only_the_service_is_contacted(page, service):
    hosts = {
        urlsplit(url).netloc for url in page.requested if not url.startswith(("data:", "blob:"))
    }
    assert hosts == {urlsplit(service).netloc}
    assert page.complaints == []


def test_address_leads_back_to_the_result(page, visit, open_tab):
    open_tab(page, "Mutations")
    other = visit(f"#{urlsplit(page.url).fragment}", width=390)
    other.wait_for_selector("[data-testid=result]")
    assert other.locator(".heading .file").inner_text() == "1ubi.pdb"
    assert other.get_by_role("tab", selected=True).inner_text() == "Mutations"
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert other.evaluate(wide) == 0


def test_errors_are_shown_as_text_with_place_and_remedy(visit, drop):
    other = visit()
    drop(other, "<img src=x onerror=document.title=1>.pdb", b"hello <b>world</b>\n" * 20)
    error = other.get_by_test_id("error")
    error.wait_for()
    assert "not a structure" in error.inner_text()
    assert "<img src=x onerror=document.title=1>.pdb" in error.inner_text()
    assert "What to do" in error.inner_text()
    assert error.locator("img, b").count() == 0


@pytest.mark.parametrize(
    ("name", "atoms"), [("1ubi.pdb", 683), ("1ejg.pdb.gz", 831), ("3jqh.bcif.gz", None)]
)
def test_the_structure_is_shown_while_it_is_computed(visit, drop, name, atoms):
    """A BinaryCIF file is not shown before its result."""
    page = visit()
    job = {"id": "slow", "state": "running", "task": "all", "name": name, "n_residues": 345}
    page.route("**/jobs", lambda route: route.fulfill(json=job, status=202))
    page.route("**/jobs/slow", lambda route: route.fulfill(json=job))
    drop(page, name, (STRUCTURE.parent / name).read_bytes())
    preview = page.get_by_test_id("preview")
    if atoms:
        page.locator("[data-testid=preview][data-viewer=shown]").wait_for()
        assert page.frames[-1].evaluate(ATOMS) == [atoms]
    else:
        preview.wait_for(state="attached")
        assert preview.locator("iframe").count() == 0
    assert "345 residues. This takes about" in page.locator(".state.loading").inner_text()
    page.get_by_role("button", name="Cancel").press("Enter")
    preview.wait_for(state="detached")


def test_chain_without_a_name_is_shown(visit, drop, wait_shown):
    lines = [line for line in STRUCTURE.read_text().splitlines() if line.startswith("ATOM")]
    other = visit()
    drop(other, "nameless.pdb", "\n".join(f"{x[:21]} {x[22:]}" for x in lines).encode())
    other.get_by_test_id("result").wait_for()
    wait_shown(other)
    frame = next(f for f in other.frames if "/viewer/" in f.url)
    assert frame.evaluate("() => [0, 75].map((i) => indexOf(lociOf(i)))") == [0, 75]


def test_ca_atoms_alone_are_shown_by_domain(visit, drop, wait_shown):
    """The environment network has no answer for them; the domains have their colours."""
    lines = [
        x for x in STRUCTURE.read_text().splitlines() if x[:4] == "ATOM" and x[12:16] == " CA "
    ]
    other = visit()
    drop(other, "trace.pdb", "\n".join(lines).encode())
    other.get_by_test_id("result").wait_for()
    wait_shown(other)
    frame = next(f for f in other.frames if "/viewer/" in f.url)
    assert frame.evaluate("() => [0, 75].map((i) => indexOf(lociOf(i)))") == [0, 75]
    assert frame.evaluate("() => [...new Set(residues.colours)]") == [0x0072B2]
    assert other.get_by_label("Colour by").locator("option").all_inner_texts() == ["by domain"]
    assert other.locator(".structure .legend").inner_text() == "chain A"
    commands = other.get_by_test_id("downloads").locator("pre").inner_text()
    assert "predict/cath" in commands and "predict/environment" not in commands
    assert other.complaints == []


def test_predicted_model_is_coloured_by_the_bands_of_plddt(visit, drop, wait_shown):
    """As in AlphaFold DB: above 90, above 70, above 50, and the rest."""
    lines = [x for x in STRUCTURE.read_text().splitlines() if x.startswith("ATOM")]
    bands = {(1, 20): 45.0, (21, 30): 50.0, (31, 40): 70.0, (41, 60): 90.0, (61, 76): 97.0}
    value = {n: v for (first, last), v in bands.items() for n in range(first, last + 1)}
    rows = [f"{x[:60]}{value[int(x[22:26])]:6.2f}{x[66:]}" for x in lines]
    other = visit()
    drop(other, "model.pdb", "\n".join(["PARENT N/A", *rows, "END"]).encode())
    other.get_by_test_id("result").wait_for()
    wait_shown(other)
    frame = next(f for f in other.frames if "/viewer/" in f.url)
    wanted = [0xFF7D45] * 30 + [0xFFDB13] * 10 + [0x65CBF3] * 20 + [0x0053D6] * 16
    assert frame.evaluate("() => residues.colours") == wanted
    assert other.locator(".structure .legend .entry").count() == 4
    again = visit(f"#{urlsplit(other.url).fragment}&view=check")
    options = ["by pLDDT", "by wild-type probability", "by domain"]
    assert other.get_by_label("Colour by").locator("option").all_inner_texts() == options
    assert other.get_by_text("20 residues disordered, below 50: A:1-20").is_visible()
    assert other.complaints == []
    # The structure stored by the service, which is checked here, has the pLDDT too.
    again.get_by_text("there are no predicted models among them").wait_for()


def test_identical_chains_are_shown_once(visit):
    """Two chains of the same sequence, and the same domain in both."""
    other = visit()
    result = long_result(40)
    copies = [{**row, "chain": "B"} for row in result["residues"]]
    result["residues"] += copies
    label = {"label": "3.40", "name": "3-Layer(aba) Sandwich", "probability": 0.9}
    common = {"n_residues": 40, "in_range": True, "flags": [], "class": label, "nearest": []}
    result["domains"] = [
        {"id": name, "chain": name, "chopping": "", "architectures": [label], **common}
        for name in "AB"
    ]
    result["domains"][1]["same_as"] = "A"
    job = {"id": "two", "state": "done", "task": "all", "name": "two", "n_residues": 80}
    other.route("**/jobs/two", lambda route: route.fulfill(json=job))
    other.route("**/jobs/two/results?format=json", lambda route: route.fulfill(json=result))
    other.evaluate("location.hash = '#job=two'")
    cath = other.get_by_test_id("cath")
    cath.wait_for()
    assert [head.split() for head in cath.locator("h3").all_inner_texts()] == [
        ["Chain", "A", "×", "2", "40", "residues"]
    ]
    assert "chain A × 2" in other.locator(".structure .legend").inner_text()
    assert other.get_by_label("Chain shown").locator("option").all_inner_texts() == [
        "chain A × 2",
        "chain B, identical to A",
    ]


def test_only_visible_residues_of_a_large_protein_are_drawn(visit, open_tab):
    other = visit()
    result = long_result(5000)
    job = {"id": "long", "state": "done", "task": "all", "name": "long", "n_residues": 5000}
    other.route("**/jobs/long", lambda route: route.fulfill(json=job))
    other.route("**/jobs/long/results?format=json", lambda route: route.fulfill(json=result))
    other.evaluate("location.hash = '#job=long'")
    open_tab(other, "Check")
    heat = other.get_by_test_id("heatmap")
    heat.wait_for()
    other.get_by_test_id("strip").focus()
    other.keyboard.press("End")
    assert other.get_by_test_id("readout").inner_text().startswith("A 5000 ALA")
    assert heat.evaluate("e => e.scrollLeft") > 5000 * CELL - 1280
    assert max(other.locator("canvas").evaluate_all("all => all.map(c => c.width)")) <= 1280


def long_result(n: int) -> dict:
    codes = "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL"
    row = dict.fromkeys(codes.split(), 0.05)
    residues = [
        {
            "chain": "A",
            "number": i,
            "insertion_code": "",
            "wild_type": "ALA",
            "predicted": "ALA",
            "p_wild_type": 0.05,
            "entropy": 3.0,
            "probabilities": row,
        }
        for i in range(1, n + 1)
    ]
    read = {
        "name": "long",
        "format": "pdb",
        "sha256": "",
        "model": 1,
        "n_atoms": 8 * n,
        "n_residues": n,
        "dropped": [],
    }
    return {
        "schema": "protvox.classify/1",
        "input": read,
        "models": {},
        "domains": [],
        "residues": residues,
        "warnings": [],
    }
