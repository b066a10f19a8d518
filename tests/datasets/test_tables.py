"""The bytes of a CSV file as a table: hostile ones too, and what people write in their cells."""

import ast
import csv
import inspect
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toynet import Config
from toynet.datasets import csv_files, tables

GOOD = "a,b,kind\n" + "".join(f"{i},{i * i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(40))
RUNS = st.sampled_from(
    [",", ";", "\t", '"', "\n", "\r", "\r\n", " ", "x", "1", '"\n', '",', ",\n", "NA,", "1,5;", "-", "e"]
)


def parse(text):
    return csv_files.parse(text.encode(), "mine.csv")


def points(text, **settings):
    return csv_files.points(parse(text), Config(dataset="csv", data_file="mine.csv", **settings))[:5]


def table(header, row, rows=40, separator=","):
    """A CSV text of so many rows: `row(i)` gives the cells of one."""
    return "".join(f"{separator.join(map(str, cells))}\n" for cells in (header, *map(row, range(rows))))


# --- files that attack -------------------------------------------------------------------


@given(st.lists(st.tuples(RUNS, st.sampled_from([1, 2, 10, 3000, 150_000])), max_size=6), st.booleans())
@example([(",", 60_000), ("x", 1)], True)
@example([('"', 1), (",", 150_000), ("x", 1)], True)
def test_runs_of_anything_give_samples_or_one_short_sentence(runs, is_behind):
    text = (GOOD if is_behind else "") + "".join(unit * times for unit, times in runs)
    try:
        X, y, *_ = points(text)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1 and len(str(error)) < 500
    else:
        assert np.isfinite(X).all() and set(y) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "," * 60_000 + "x\n", "line 42 has 60001 cells for 3 columns"),
        (GOOD + "1" * 200_000, "line 42 has more than 100,000 characters"),
        (GOOD + '1,2,"' + "text\n" * 50_000, "begins on line 42 has a cell that is too long"),
        (GOOD + '1,2,"yes\n3,4,no\n', "begins on line 42 has a quote that is never closed"),
        ("a," * 30_000 + "\n1,2\n", "30,000 columns; it takes three"),
        (",".join(f"c{i}" for i in range(2000)) + "\n" + "1\n" * 5000, "fewer cells than there are column names"),
        (GOOD + "1\n" * 5000, "fewer cells than there are column names"),
        (",,,\n", "has no column names"),
    ],
)
def test_absurd_files_are_refused_in_words(text, says):
    with pytest.raises(ValueError, match=says):
        parse(text)


def calls(content):
    """Calls of functions, Python's and C's, that reading a file makes."""
    counted = Counter()
    sys.setprofile(lambda frame, event, of: counted.update([event]))
    try:
        csv_files.parse(content, "mine.csv")
    except ValueError:
        pass
    finally:
        sys.setprofile(None)
    return counted["call"] + counted["c_call"]


@pytest.mark.parametrize("unit", [",", '"', "\n", "\r", '"\n', '"\n",', " ", "x", "1,2,yes\n", "x,NA,\n", ",,\n", "1;"])
@pytest.mark.parametrize("begin", [GOOD, "a;b;c\n", ",".join(f"c{i}" for i in range(300)) + "\n"])
def test_work_grows_no_faster_than_the_file(begin, unit):
    small, large = (calls((begin + unit * n + "x\n").encode()) for n in (4000, 16_000))
    assert large <= 4.5 * small + 1000


def test_no_single_call_may_take_long():
    """No pattern, which may go back and forth, and nothing that reads a whole file in one call of C."""
    for module in (tables, csv_files):
        names = {n.names[0].name for n in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(n, ast.Import)}
        assert not names & {"re", "pandas"}


# --- long and strange texts --------------------------------------------------------------


def test_long_names_of_columns_are_cut_and_stay_apart():
    names = list(parse(GOOD.replace("a,b", f"{'n' * 40_000},{'n' * 40_001}")).columns)
    assert names[0] == "n" * 100 + "…" and names[1] == "n" * 100 + "… (2)"


def test_errors_and_names_are_short_whatever_the_cells_are():
    long = "z" * 90_000
    for text in (f"{GOOD}{long},1,yes\n", GOOD.replace("yes", long), GOOD.replace("a,b", f"{long},{long}")):
        for settings in ({}, {"target": long}, {"feature_1": "a"}, {"class_1": long}, {"target": "kind"}):
            try:
                *_, features, classes, _ = points(text, **settings)
            except ValueError as error:
                assert len(str(error)) < 300
            else:
                assert all(len(name) < 120 for name in (*features, *classes))


def test_a_comma_at_the_end_of_a_line_inside_quotes_stays():
    text = GOOD.replace("yes", '"one,\ntwo,"')
    assert points(text)[3] == ("no", "one, two,")


def test_lines_are_counted_as_an_editor_does_where_cells_have_several():
    with pytest.raises(ValueError, match="'oops' on line 44"):
        points(
            'a,b,"ki\nnd"\n' + "".join(f"{i},{i % 7},yes\n" for i in range(39)) + '1,1,"n\no"\noops,1,yes\n',
            feature_1="a",
        )


@pytest.mark.parametrize("header", ['"a,b,c";x;kind', '"a;b;c,d";x;kind'])
def test_separators_inside_a_quoted_name_do_not_count(header):
    assert len(parse(table([header], lambda i: (i, i % 7, i % 2), separator=";")).columns) == 3


# --- missing cells, and classes that look like them ----------------------------------------


@pytest.mark.parametrize("word", ["None", "NA", "nan", "null", "N/A"])
def test_words_for_missing_are_classes_where_they_are_not_rare(word):
    text = table(["a", "b", "kind"], lambda i: (i, i % 7, word if i % 2 else "yes"))
    assert points(text)[3:] == (tuple(sorted((word, "yes"))), 0)
    assert csv_files.missing_words(parse(text), ["kind"]) == []


def test_north_america_is_a_continent():
    text = table(["a", "b", "where"], lambda i: (i, i % 7, ("NA", "EU", "AS")[i % 3]))
    assert csv_files.values(parse(text), "where") == ["AS", "EU", "NA"]
    assert points(text, class_1="NA")[3] == ("not NA", "NA")


def test_words_for_missing_are_missing_where_they_are_rare_and_that_is_said():
    text = table(["a", "b", "kind"], lambda i: (i, i % 7, "NA" if i in (5, 9) else "xy"[i % 2]), rows=60)
    assert points(text)[3:] == (("x", "y"), 2)
    assert csv_files.missing_words(parse(text), ["a", "b", "kind"]) == ["NA"]


def test_words_for_missing_are_missing_among_numbers():
    text = table(["a", "b", "kind"], lambda i: ("nan" if i % 3 else i, i % 7, "xy"[i % 2]))
    assert points(text)[4] == 26
    assert csv_files.missing_words(parse(text), ["a"]) == ["nan"]


def test_empty_cells_are_missing_however_many():
    assert points(table(["a", "b", "kind"], lambda i: (i, i % 7, ("x", "y", "")[i % 3])))[3:] == (("x", "y"), 13)


@pytest.mark.parametrize(
    "header",
    ["Länge, cm;Breite, cm;Art", '"Länge, cm";"Breite, cm";"Art, lat."', "Länge (cm, gerundet, ca.);Breite;Art"],
)
def test_commas_in_names_and_numbers_do_not_count_where_semicolons_separate(header):
    text = header + "\n" + "".join(f"{i},5;{i % 7},25;{'ja' if i % 2 else 'nein'}\n" for i in range(40))
    found = parse(text)
    assert list(found.columns) == next(csv.reader([header], delimiter=";"))
    assert [column.numbers is not None for column in found.columns.values()] == [True, True, False]


def test_semicolons_in_names_do_not_count_where_commas_separate():
    text = table(["&lt;a&gt;", "b&amp;&quot;", "kind"], lambda i: (i, i % 7, i % 2))
    assert list(parse(text).columns) == ["&lt;a&gt;", "b&amp;&quot;", "kind"]


# --- decimal commas ------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_are_read_and_that_is_said(separator):
    text = table(
        ["a", "b", "kind"], lambda i: (f"{i},5", f"-{i % 7},25e1", "ja" if i % 2 else "nein"), separator=separator
    )
    X, _, _, classes, dropped = points(text)
    np.testing.assert_array_equal(X, [(i + 0.5, -10 * (i % 7) - 2.5) for i in range(40)])
    assert (classes, dropped) == (("ja", "nein"), 0)
    assert parse(text).notes == ["Commas in 'a', 'b' are read as decimal points"]


def test_whole_numbers_among_decimal_commas_and_missing_cells():
    cells = ["1", "2,5", "", "NA", "-3,25"]
    X, *_, dropped = points(table(["a", "b", "kind"], lambda i: (cells[i % 5], i, "xy"[i % 2]), separator=";"))
    assert dropped == 16 and set(X[:, 0]) == {1, 2.5, -3.25}


@pytest.mark.parametrize("cell", ["1.234,5", "1,234,5", "1.5"])
def test_decimal_commas_among_other_numbers_are_said_to_be_wrong(cell):
    text = table(["a", "b", "kind"], lambda i: (f"{i},5" if i != 20 else cell, i, "xy"[i % 2]), separator=";")
    (sentence,) = csv_files.text_by_mistake(tables.read(text.encode(), "mine.csv"))
    assert f"'{cell}' on line 22" in sentence


def test_commas_between_the_cells_are_no_decimal_commas():
    with pytest.raises(ValueError, match="numeric"):
        parse(table(["a", "b", "kind"], lambda i: (f'"{i},5"', f'"{i},25"', "xy"[i % 2])))


# --- names and classes -----------------------------------------------------------------------


@pytest.mark.parametrize("header", ["a,a,kind", " a,a ,kind", 'a,"a\n",kind'])
def test_columns_of_one_name_are_numbered_and_that_is_said(header):
    read = parse(GOOD.replace("a,b,kind", header))
    assert list(read.columns) == ["a", "a (2)", "kind"]
    assert read.notes == ["Columns of the same name are numbered from left to right: 'a (2)'"]


def test_numbered_names_take_no_name_that_is_there():
    assert list(parse(table(["a", "a (2)", "a", "", "a"], lambda i: (i, i % 7, i % 2, 1, 1))).columns) == [
        "a", "a (2)", "a (3)", "column 4", "a (4)",
    ]  # fmt: skip


@pytest.mark.parametrize("flag", ["", ",flag"])
def test_more_classes_than_can_be_offered_are_said_with_the_limit(flag):
    text = table(f"a,b,kind{flag}".split(","), lambda i: (i, i % 61, f"k{i % 51}", *[i % 2] * bool(flag)), rows=102)
    with pytest.raises(ValueError, match="'kind' has more than 50 different values; a target has 2 to 50"):
        points(text, target="kind" if flag else "")


def test_many_classes_are_the_reason_where_inputs_would_have_to_serve_as_target():
    text = table(["a", "b", "kind"], lambda i: (i, i % 7, f"k{i % 51}"), rows=102)
    with pytest.raises(ValueError, match="'kind' has more than 50 different values; a target has 2 to 50"):
        points(text)


def test_long_texts_are_no_classes_for_cut_they_might_be_the_same():
    text = GOOD.replace("yes", "z" * 200 + "yes").replace("no", "z" * 200 + "no")
    with pytest.raises(ValueError, match="'kind' has texts of more than 100 characters"):
        points(text, target="kind")


def test_fifty_classes_can_be_offered():
    text = table(["a", "b", "kind"], lambda i: (i, i * i, f"k{i % 50}"), rows=100)
    assert len(csv_files.values(parse(text), "kind")) == 50


def test_underscores_make_no_numbers():
    with pytest.raises(ValueError, match="'1_000' on line"):
        points(table(["a", "b", "kind"], lambda i: ("1_000" if i == 3 else i, i, i % 2)), feature_1="a", feature_2="b")
