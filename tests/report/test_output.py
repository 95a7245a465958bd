from __future__ import annotations

import dataclasses
import io
import json

import pandas as pd
import pytest

from protvox.errors import UsageError
from protvox.report.output import FORMATS, DelimitedWriter, choose_format, make_writer


def written(form, predictions, *, many=False, tables="residues") -> bytes:
    stream = io.BytesIO()
    writer = make_writer(form, stream, many=many, tables=tables)
    for prediction in predictions:
        writer.add(prediction)
    writer.close()
    return stream.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_takes_two_predictions_and_leaves_the_stream_open(prediction, form):
    stream = io.BytesIO()
    writer = make_writer(form, stream, many=True, tables="residues")
    writer.add(prediction)
    writer.add(prediction)
    writer.close()
    assert not stream.closed
    assert len(stream.getvalue()) > 1000


def test_json_list_and_object(prediction):
    assert json.loads(written("json", [prediction]))["input"]["model"] == 3
    assert len(json.loads(written("json", [prediction] * 2, many=True))) == 2


def test_csv_columns_stay_those_of_the_header(prediction):
    fewer = dataclasses.replace(
        prediction,
        domains=tuple(
            dataclasses.replace(d, architectures=d.architectures[:2]) for d in prediction.domains
        ),
    )
    text = written("csv", [fewer, prediction], many=True, tables="domains")
    table = pd.read_csv(io.BytesIO(text))
    assert len(table) == 4
    assert "architecture_2" in table
    assert "architecture_3" not in table


@pytest.mark.parametrize("form", ["csv", "tsv"])
@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+cmd|'/C calc'!A0", "'-2+cmd|'/C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("-5-80,100-120", "-5-80,100-120"),
        ("=", "="),
    ],
)
def test_no_text_of_a_file_begins_a_formula(form, text, cell):
    """A chain of mmCIF may have any name, such as ``=HYPERLINK(...)``."""
    frame = pd.DataFrame({"chain": [text, "A"], "number": [-5, 76], "none": [None, 76]})
    stream = io.BytesIO()
    DelimitedWriter(stream, lambda _: frame, {"csv": ",", "tsv": "\t"}[form]).add(None)
    found = pd.read_csv(io.BytesIO(stream.getvalue()), sep={"csv": ",", "tsv": "\t"}[form])
    assert list(found["chain"]) == [cell, "A"]
    assert list(found["number"]) == [-5, 76]


def test_wider_first_prediction_leaves_gaps(prediction):
    fewer = dataclasses.replace(
        prediction,
        domains=tuple(
            dataclasses.replace(d, architectures=d.architectures[:2]) for d in prediction.domains
        ),
    )
    text = written("csv", [prediction, fewer], many=True, tables="domains")
    table = pd.read_csv(io.BytesIO(text))
    assert table["architecture_3"].isna().tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("requested", "path", "form"),
    [
        (None, "a.csv", "csv"),
        (None, "a.JSON", "json"),
        (None, "a.parquet", "parquet"),
        (None, "a.txt", "table"),
        (None, "a", "table"),
        (None, "-", "table"),
        ("csv", "a.dat", "csv"),
        ("json", "a.csv", "json"),
    ],
)
def test_format_from_the_option_or_the_suffix(requested, path, form):
    assert choose_format(requested, path) == form


@pytest.mark.parametrize("path", ["a.xlsx", "a.csv.gz", "a.pdb"])
def test_name_of_another_format_is_refused(path):
    with pytest.raises(UsageError, match="does not imply a format") as caught:
        choose_format(None, path)
    assert caught.value.code == "usage.format"


def test_unknown_format_is_refused():
    with pytest.raises(UsageError):
        make_writer("xml", io.BytesIO(), many=False, tables="residues")
