from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from protvox.chemistry import AMINO_ACIDS
from protvox.report.run_page.png import matrix_png
from protvox.report.run_page.render import render_page
from protvox.report.run_page.summary import summarize
from protvox.report.run_page.trajectories import gather_trajectories


def frame_rows(path, frames, first=0.1):
    """Two residues of each frame, the second one insertion code A."""
    return pd.DataFrame(
        [
            {
                "id": f"{path}#{f}",
                "path": path,
                "frame": f,
                "time_ps": 2.0 * f,
                "chain": "A",
                "number": 7,
                "insertion_code": code,
                "wild_type": "LEU",
                "predicted": "LEU",
                "p_wild_type": first * (f + 1) / (1 + k),
                **{f"p_{n}": 0.05 for n in AMINO_ACIDS},
            }
            for f in frames
            for k, code in enumerate(("", "A"))
        ]
    )


@pytest.fixture
def run(tmp_path):
    (tmp_path / "residues").mkdir()
    about = {"schema": "protvox.score/2", "protvox": "0.1", "models": {}, "options": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(about))
    parts = (frame_rows("b.xtc", [0, 4]), frame_rows("b.xtc", [2]), frame_rows("a.xtc", [0]))
    for number, part in enumerate(parts):
        part.to_parquet(tmp_path / "residues" / f"part-{number:06d}.parquet")
    return tmp_path


def test_frames_come_in_order_however_they_were_written(run):
    first, second = gather_trajectories(run)
    assert (first.path, second.path) == ("a.xtc", "b.xtc")
    assert second.frames.tolist() == [0, 2, 4]
    assert second.times.tolist() == [0, 4, 8]
    assert second.residues == ("A:7", "A:7A")
    assert second.probability == pytest.approx(np.array([[0.1, 0.3, 0.5], [0.05, 0.15, 0.25]]))


def test_long_trajectories_are_thinned(tmp_path):
    (tmp_path / "residues").mkdir()
    frame_rows("a.xtc", range(2500)).to_parquet(tmp_path / "residues" / "part-000000.parquet")
    (course,) = gather_trajectories(tmp_path)
    assert course.frames.tolist() == list(range(0, 2500, 3))


def test_the_page_has_a_picture_of_each_trajectory(run):
    page = render_page(summarize(run))
    assert page.count("data:image/png;base64,") == 2
    assert "frame 4, 8 ps" in page


def test_an_image_has_one_pixel_per_number(tmp_path):
    image = pytest.importorskip("matplotlib.image")
    path = tmp_path / "x.png"
    path.write_bytes(matrix_png(np.array([[0.0, 1.0, np.nan], [0.2, 0.1, 2.0]])))
    pixels = np.rint(image.imread(path) * 255).astype(int)
    assert pixels.shape[:2] == (2, 3)
    assert pixels[0, :, :3].tolist() == [[122, 4, 34], [16, 91, 130], [208, 212, 218]]
    assert pixels[1, 0, :3].tolist() == [203, 60, 50]
    assert pixels[1, 2, :3].tolist() == [16, 91, 130]
