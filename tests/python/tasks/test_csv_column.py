"""Reading a column of a CSV file, and everything that can be wrong with one."""

import re

import numpy as np
import pytest

from gatedcore.tasks.csv_column import read_column


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "series.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        "Date,Temp\n1981-01-01,20.5\n1981-01-02,-3\n",
        "Date,Temp\r\n1981-01-01,20.5\r\n1981-01-02,-3",
        'Date,"Temp"\n"a, b",20.5\n\nc, -3 \n',
        "\ufeffDate, Temp\na,20.5,ignored\nb,-3\n",
    ],
)
def test_numbers_are_read_from_top_to_bottom(file, content):
    values = read_column(file(content), "Temp")
    assert values.dtype == np.float64
    assert values.tolist() == [20.5, -3.0]


def test_a_file_without_rows_is_an_empty_series(file):
    assert read_column(file("Temp\n"), "Temp").shape == (0,)


@pytest.mark.parametrize(
    ("content", "column", "text"),
    [
        ("Date,Temp\n", "temp", "column is 'temp', expected one of those in {path}: Date, Temp;"),
        ("Date,Temp\n", None, "no column is named, expected one of those in {path}: Date, Temp;"),
        ("a,a\n1,2\n", "a", "name a column that is there once"),
        ("", "a", "{path} is empty, expected a first row"),
        ("a,b\n1,2\n3,x\n", "b", "row 3 of {path} has 'x' in column 'b', expected a number"),
        ("a,b\n1,\n", "b", "row 2 of {path} has '' in column 'b'"),
        ("a,b\n1,2\n\n3\n", "b", "row 4 of {path} has '' in column 'b'"),
        ("a\n1\nnan\n", "a", "row 3 of {path} has 'nan' in column 'a'"),
        ("a\ninf\n", "a", "row 2 of {path} has 'inf' in column 'a'"),
        (b"a\n\xff\xfe\n", "a", "{path} is no UTF-8 text"),
        (b"\x1f\x8b\x08\x00\x00", "a", "{path} is no UTF-8 text"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_where(file, content, column, text):
    path = file(content)
    with pytest.raises(ValueError, match=re.escape(text.format(path=path))):
        read_column(path, column)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_column(tmp_path / "none.csv", "a")
