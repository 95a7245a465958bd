"""What the viewers share: requests, colours and reports."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import jsonschema_rs
import pytest
from prepared_results import MODULE, RESULTS, ROOT, STRUCTURE, TITLES

RESIDUES = [("A", str(i)) for i in range(1, 77)]


def test_prepared_results_are_those_of_protvox():
    for task, result in RESULTS.items():
        path = ROOT / "service" / "schemas" / f"{TITLES[task]}.json"
        jsonschema_rs.validate(json.loads(path.read_text()), result)


def test_both_viewers_have_the_same_module():
    assert (ROOT / "plugins" / "chimerax" / "src" / "predictions.py").resolve() == MODULE


def test_domains_have_colours_of_their_own(predictions):
    found = predictions.colours(RESULTS["domains"], [*RESIDUES, ("B", "1")])
    inside = {residue for residue, colour in found.items() if colour != predictions.NO_VALUE}
    assert inside == {("A", str(i)) for i in (*range(1, 21), *range(31, 41))}


def test_ranges_follow_the_order_of_the_model(predictions):
    chain = [("A", n) for n in ("-2", "-1", "1", "1A", "1B", "2", "5")]
    assert predictions.between(chain, "-1", "1A") == chain[1:4]
    # The ends of this range are not in the model.
    assert predictions.between(chain, "2", "4") == chain[5:6]
    whole = {**RESULTS["domains"]["domains"][0], "chopping": "-2--1,1A-2"}
    found = predictions.colours({**RESULTS["domains"], "domains": [whole]}, chain)
    grey = [number for (_, number), colour in found.items() if colour == predictions.NO_VALUE]
    assert grey == ["1", "5"]


def test_findings_have_the_colours_of_their_kind(predictions):
    found = predictions.colours(RESULTS["check"], RESIDUES)
    assert {found["A", str(i)] for i in range(10, 21)} == {"#b2182b"}
    assert found["A", "50"] == "#f4a582"
    assert len({found["A", n] for n in ("9", "21", "49")}) == 1
    assert predictions.segments(RESULTS["check"]) == [("A", "10", "20", "register")]


def test_mean_scores_go_from_blue_to_red(predictions):
    found = predictions.colours(RESULTS["mutations"], RESIDUES)
    red, blue = ([int(found["A", n][i : i + 2], 16) for i in (1, 3, 5)] for n in ("3", "5"))
    assert red[0] > red[2] and blue[2] > blue[0]
    assert found["A", "4"] == predictions.NO_VALUE


def test_identical_chains_that_are_mutated_together_have_one_colour(predictions):
    rows = [{**row, "copies": ["B"]} for row in RESULTS["mutations"]["mutations"]]
    chains = [(chain, number) for chain in "AB" for number in ("3", "5")]
    found = predictions.colours({**RESULTS["mutations"], "mutations": rows}, chains)
    assert found["B", "3"] == found["A", "3"] != predictions.NO_VALUE
    assert found["B", "5"] == found["A", "5"] != predictions.NO_VALUE


def test_reports_say_what_was_found(predictions):
    [domain, warning] = predictions.report(RESULTS["domains"])
    assert "3.10 Roll 0.90" in domain and "Ubiquitin-like 0.80" in domain
    assert warning == "warning: one warning"
    segment, residue = predictions.report(RESULTS["check"])
    assert "10 to 20: Move the sequence by +1" in segment
    assert "LEU 50: GLY is 30 times as probable (buried)" in residue


def test_failures_are_one_sentence(predictions, program):
    for arguments, words in (
        (("fold", "x"), "choose one of domains"),
        (("check", "x", "", "/nowhere/protvox"), "cannot be run"),
        (("check", str(STRUCTURE), "", program), "Save it as mmCIF"),
        (("check", str(STRUCTURE), "", "echo no"), "returned no JSON"),
        (("check", str(STRUCTURE), "http://127.0.0.1:1"), "no service answers"),
    ):
        with pytest.raises(predictions.PredictionError, match=words):
            predictions.predict(*arguments)


def test_a_service_gets_the_file_and_the_key(predictions, monkeypatch):
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers["Authorization"], body))
            good = self.path == "/check"
            self.send_response(200 if good else 422)
            self.end_headers()
            answer = RESULTS["check"] if good else {"detail": "1ubi.pdb: too short. Add some."}
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    monkeypatch.setenv("PROTVOX_KEY", "pvx_1")
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    assert predictions.predict("check", str(STRUCTURE), address) == RESULTS["check"]
    with pytest.raises(predictions.PredictionError, match=r"too short\. Add some"):
        predictions.predict("domains", str(STRUCTURE), address)
    server.shutdown()
    server.server_close()
    assert [(path, key) for path, key, _ in seen] == [
        ("/check", "Bearer pvx_1"),
        ("/predict/cath", "Bearer pvx_1"),
    ]
    assert STRUCTURE.read_bytes() in seen[0][2]
