"""bench/python/contest/document.py: rows of several runs in one file."""

import json
from dataclasses import replace

import pytest

from bench.measured import LSTM, document, entry
from contest import document as documents

GRU = replace(LSTM, cell="gru")


def test_a_document_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "peers.json"
    written = document((LSTM, 1, {"gatedcore": entry(1.0)}))
    documents.save(written, path)
    assert documents.load(path) == written
    assert [p.name for p in tmp_path.iterdir()] == ["peers.json"]
    (row,) = written["rows"]
    assert documents.case_of(row) == LSTM
    assert documents.key_of(row) == (LSTM, 1)


@pytest.mark.parametrize("content", [{}, {"format": 0}, []])
def test_another_format_is_an_error(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"other.json: format is .*, expected 1"):
        documents.load(path)


def test_a_row_replaces_that_of_its_case_and_threads():
    made = document((LSTM, 1, {"gatedcore": entry(1.0), "torch": entry(2.0)}))
    documents.put(made, documents.new_row(LSTM, 1, {"gatedcore": entry(3.0)}, {}, 0))
    documents.put(made, documents.new_row(LSTM, 2, {"gatedcore": entry(4.0)}, {}, 1))
    assert [set(row["results"]) for row in made["rows"]] == [{"gatedcore"}, {"gatedcore"}]
    assert [row["results"]["gatedcore"]["median"] for row in made["rows"]] == [3.0, 4.0]


def test_merged_rows_keep_their_runs():
    first = document((LSTM, 1, {"gatedcore": entry(1.0)}), (GRU, 1, {"gatedcore": entry(2.0)}))
    second = document((LSTM, 1, {"gatedcore": entry(3.0)}))
    second["runs"][0]["date"] = "later"
    merged = documents.merge([first, second])
    medians = {documents.case_of(r): r["results"]["gatedcore"]["median"] for r in merged["rows"]}
    assert medians == {LSTM: 3.0, GRU: 2.0}
    dates = {documents.case_of(r): merged["runs"][r["run"]]["date"] for r in merged["rows"]}
    assert dates[LSTM] == "later"
    assert dates[GRU] != "later"


def test_what_is_to_be_measured_again():
    loud = entry(1.0, disturbed=2 * documents.DISTURBED)
    made = document(
        (LSTM, 1, {"gatedcore": entry(1.0), "torch": loud}), (GRU, 1, {"gatedcore": entry(1.0)})
    )
    wanted = [(LSTM, 1), (GRU, 1), (GRU, 2)]
    assert documents.missing(made, wanted) == [(GRU, 2)]
    assert documents.missing_or_disturbed(made, wanted) == [(LSTM, 1), (GRU, 2)]
