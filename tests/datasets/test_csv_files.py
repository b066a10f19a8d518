"""CSV files: what is read, and one sentence for each file that cannot be."""

import io

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from toynet import Config, datasets
from toynet.datasets import csv_files

pytestmark = pytest.mark.filterwarnings("error")

ROWS = [(i / 2, i * i % 17, "yes" if i % 3 else "no") for i in range(30)]
BODY = "\n".join(f"{a},{b},{c}" for a, b, c in ROWS) + "\n"
NUMERIC = "a,b,c,d\n" + "".join(f"{i},{2 * i},{i * i},{i % 2}\n" for i in range(20))
GOOD = "width,height,ripe\n" + BODY


def encoded(text):
    return text.encode() if isinstance(text, str) else text


def parse(content):
    return csv_files.parse(encoded(content), "mine.csv")


def points(content, **settings):
    return csv_files.points(parse(content), Config(dataset="csv", data_file="mine.csv", **settings))[:5]


def load(tmp_path, content, **settings):
    path = tmp_path / "mine.csv"
    path.write_bytes(encoded(content))
    return datasets.load(Config(dataset="csv", data_file=str(path), **settings))


def one_sentence(caught):
    """The message of a caught ValueError, which is to be one line of clear words."""
    text = str(caught.value)
    assert type(caught.value) is ValueError
    assert text and len(text.splitlines()) == 1
    for jargon in ("Error", "Traceback", "truth value", "argument", "codec", "NoneType", "Series"):
        assert jargon not in text
    return text


def complaint(tmp_path, content, **settings):
    """What loading says about a bad file."""
    with pytest.raises(ValueError) as caught:
        load(tmp_path, content, **settings)
    return one_sentence(caught)


def image():
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "#f59322").save(buffer, "PNG")
    return buffer.getvalue()


# --- what can be read --------------------------------------------------------------


def assert_is_good(result):
    X, y, feature_names, class_names, dropped = result
    np.testing.assert_array_equal(X, [(a, b) for a, b, _ in ROWS])
    np.testing.assert_array_equal(y, [float(c == "yes") for *_, c in ROWS])
    assert feature_names == ("width", "height") and class_names == ("no", "yes") and dropped == 0


DIALECTS = {
    "plain": GOOD,
    "byte order mark": GOOD.encode("utf-8-sig"),
    "semicolons": GOOD.replace(",", ";"),
    "tabs": GOOD.replace(",", "\t"),
    "spaces": GOOD.replace(",", ", "),
    "CRLF": GOOD.replace("\n", "\r\n"),
    "CR": GOOD.replace("\n", "\r"),
    "blank lines": GOOD.replace("\n", "\n\n"),
    "blank lines first": "\n\n" + GOOD,
    "no newline at the end": GOOD.rstrip("\n"),
    "all quoted": "".join(",".join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in GOOD.splitlines()),
    "spaces in the header": GOOD.replace("width,height", " width , height "),
}


@pytest.mark.parametrize("content", DIALECTS.values(), ids=DIALECTS)
def test_usual_dialects_are_read_alike(content):
    assert_is_good(points(content))


def test_quoted_commas_and_umlauts_are_part_of_their_cell():
    text = GOOD.replace("yes", '"ja, süß"').replace("width", '"Länge, cm"')
    _, _, feature_names, class_names, _ = points(text)
    assert feature_names[0] == "Länge, cm" and class_names == ("ja, süß", "no")


def test_trailing_comma_on_every_row_does_not_shift_the_columns():
    assert_is_good(points("width,height,ripe\n" + BODY.replace("\n", ",\n")))


def test_rows_longer_than_the_header_do_not_shift_the_columns():
    rows = [f"{i},{i * i},{i % 2},7\n" for i in range(20)]
    with pytest.raises(ValueError, match="line 2 has 4 cells for 3 columns"):
        parse("width,height,ripe\n" + "".join(rows))


@pytest.mark.parametrize("bad", ["", "NA", "nan", "inf", "-inf", "1e400"])
def test_rows_with_missing_or_infinite_cells_are_dropped_and_counted(bad):
    X, y, _, _, dropped = points(f"{GOOD}{bad},3,yes\n2,{bad},no\n")
    assert dropped == 2 and len(X) == len(y) == len(ROWS)


def test_row_with_a_missing_class_is_dropped_and_counted():
    assert points(GOOD + "1,2,\n3,4\n")[4] == 2


def test_rows_of_classes_that_were_not_chosen_are_not_counted_as_dropped():
    text = GOOD + "1,2,perhaps\n,3,perhaps\n,4,yes\n"
    X, _, _, class_names, dropped = points(text, class_0="no", class_1="yes")
    assert len(X) == len(ROWS) and class_names == ("no", "yes") and dropped == 1


def test_two_of_many_classes_can_be_picked_in_either_order():
    text = GOOD + "1,2,perhaps\n2,3,perhaps\n"
    _, y, _, class_names, _ = points(text, class_0="perhaps", class_1="no")
    assert class_names == ("perhaps", "no") and (len(y), y.sum()) == (12, 10)


def test_all_values_are_classes_where_none_is_chosen():
    text = GOOD + "1,2,perhaps\n5,7,perhaps\n2,,maybe\n"
    X, y, _, class_names, dropped = points(text)
    assert class_names == ("no", "perhaps", "yes") and dropped == 1  # no row of maybe is left
    assert list(y[-2:]) == [1.0, 1.0] and set(y) == {0.0, 1.0, 2.0}
    assert X[-1].tolist() == [5.0, 7.0]


def test_one_class_against_the_rest():
    text = GOOD + "1,2,perhaps\n2,3,perhaps\n"
    _, y, _, class_names, _ = points(text, class_1="perhaps")
    assert class_names == ("not perhaps", "perhaps") and (len(y), y.sum()) == (32, 2)


@pytest.mark.parametrize(("chosen", "names"), [("class_0", ("yes", "no")), ("class_1", ("no", "yes"))])
def test_naming_one_of_two_classes_fixes_the_other(chosen, names):
    assert points(GOOD, **{chosen: "yes"})[3] == names


@pytest.mark.parametrize(
    ("no", "yes", "names"),
    [
        ("0", "1", ("0", "1")),
        ("False", "True", ("False", "True")),
        ("1.0", "2.0", ("1", "2")),
        ("-1", "1", ("-1", "1")),
    ],
)
def test_numeric_and_boolean_targets_become_classes(no, yes, names):
    text = GOOD.replace("no", no).replace("yes", yes)
    _, y, _, class_names, _ = points(text)
    assert class_names == names and y.sum() == 20
    assert points(text, class_1=names[0])[3] == names[::-1]


def test_boolean_target_with_a_missing_cell_keeps_its_classes():
    text = GOOD.replace("no", "False").replace("yes", "True") + "1,2,\n"
    assert points(text)[3:] == (("False", "True"), 1)


def test_any_columns_can_be_chosen_and_the_rest_is_suggested():
    text = "a,b,c,d\n" + "".join(f"{i},{i % 2},{i * i},{'xy'[i % 2]}\n" for i in range(20))
    assert points(text)[2:4] == (("a", "b"), ("x", "y"))
    assert points(text, feature_1="c")[2] == ("c", "a")
    assert points(text, feature_2="a")[2] == ("b", "a")
    assert points(text, target="b")[2:4] == (("a", "c"), ("0", "1"))


def test_repeated_column_names_are_told_apart():
    text = GOOD.replace("width,height", "size,size")
    assert len(set(parse(text).columns)) == 3
    np.testing.assert_array_equal(points(text)[0], [(a, b) for a, b, _ in ROWS])


def test_column_names_that_are_the_same_but_for_spaces_are_told_apart_or_refused():
    try:
        result = points(GOOD.replace("width,height", "size,size "))
    except ValueError as error:
        assert "size" in str(error)
    else:
        np.testing.assert_array_equal(result[0], [(a, b) for a, b, _ in ROWS])


def test_ten_megabytes_are_read():
    row = "0.123456789,1.23456789,some text to fill the line,yes\n9.87654321,8.7654321,some text to fill the line,no\n"
    content = ("a,b,note,ripe\n" + row * (10_000_000 // len(row))).encode()
    table = csv_files.parse(content, "big.csv")
    X, y, *_ = csv_files.points(table, Config(dataset="csv", data_file="big.csv"))
    assert len(content) > 9_900_000 and len(X) == table.rows and y.mean() == 0.5


def test_file_is_read_again_once_it_has_changed(tmp_path):
    assert len(load(tmp_path, GOOD, test_fraction=0.0).y_train) == 30
    assert len(load(tmp_path, GOOD + BODY, test_fraction=0.0).y_train) == 60


def test_choices_offered_for_a_file():
    table = parse("id,constant,name,width,flag\n" + "".join(f"{i},1,n{i},{i % 5},{i % 2 == 0}\n" for i in range(80)))
    assert csv_files.numeric_columns(table) == ["id", "width"]
    assert csv_files.target_columns(table) == ["width", "flag"]
    assert csv_files.values(table, "flag") == ["False", "True"]
    assert csv_files.values(table, "width") == ["0", "1", "2", "3", "4"]


def test_text_by_mistake_names_column_cell_and_line():
    table = parse(NUMERIC + "1,oops,5,0\n")
    (sentence,) = csv_files.text_by_mistake(table)
    assert "'b'" in sentence and "'oops'" in sentence and "line 22" in sentence
    assert csv_files.text_by_mistake(parse(GOOD)) == []


# --- what cannot -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b" \n\t\r\n", "empty", id="only spaces"),
        pytest.param(b"\xef\xbb\xbf", "empty", id="only a byte order mark"),
        pytest.param("\u00a0\u2003\n", "empty", id="only unicode spaces"),
        pytest.param("width,height,ripe\n", "no rows", id="header only"),
        pytest.param("1,2,0\n3,4,1\n5,7,0\n", "header", id="no header"),
        pytest.param("1,2,0\n3,4,1\n5,7,0\n".encode("utf-8-sig"), "header", id="no header, byte order mark"),
        pytest.param("1;2;0\n3;4;1\n5;7;0\n", "header", id="no header, semicolons"),
        pytest.param('"1","2","0"\n3,4,1\n5,7,0\n', "header", id="no header, quoted"),
        pytest.param("width\n1\n2\n3\n", "one column", id="one column"),
        pytest.param("width,ripe\n1,0\n2,1\n3,0\n", "2 columns", id="two columns"),
        pytest.param("a,b,c\n1,x,yes\n2,y,no\n3,z,no\n", "numeric", id="one numeric column"),
        pytest.param("a,b,c\none,x,yes\ntwo,y,no\n", "numeric", id="no numeric column"),
        pytest.param("a,b,c\n1,1,yes\n1,2,no\n1,3,no\n", "numeric", id="an input always the same"),
        pytest.param("a,b,c\n5,5,5\n5,5,5\n5,5,5\n", "numeric", id="all values equal"),
        pytest.param("a,b,c\n1,2,yes\n2,3,yes\n3,5,yes\n", "two", id="one class"),
        pytest.param("a,b,c\n,,\n,,\n", "no rows", id="all cells missing"),
        pytest.param(GOOD.replace("yes", "süß").encode("latin-1"), "UTF-8", id="latin-1"),
        pytest.param(GOOD.encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param(GOOD.encode("utf-16-le"), "UTF-8", id="UTF-16 without mark"),
        pytest.param(GOOD.encode("utf-32"), "UTF-8", id="UTF-32"),
        pytest.param(image(), "CSV", id="PNG"),
        pytest.param(bytes(range(256)) * 8, "CSV", id="binary"),
        pytest.param(b"PK\x03\x04" + bytes(range(255, -1, -1)) * 4, "CSV", id="zip"),
        pytest.param("a,b,c\n1,2,0\n3,4,1,5\n5,6,0\n", "line 3", id="one row too long"),
        pytest.param('a,b,c\n1,"2,0\n3,4,1\n5,6,0\n', "not a table", id="quote never closed"),
        pytest.param("# made by me\nwidth,height,ripe\n" + BODY, "column", id="comment above the header"),
        pytest.param("<html><body>404 Not Found</body></html>", "column", id="HTML"),
        pytest.param('{"a": [1, 2, 3]}', "no rows", id="JSON"),
        pytest.param("a,b,c\n" + "".join(f"{i}e300,{i},{i % 2}\n" for i in range(9)), "'a' are too large", id="1e300"),
    ],
)
def test_bad_file_gets_one_sentence(tmp_path, content, says):
    assert says in complaint(tmp_path, content)


@pytest.mark.parametrize("content", [b"", "1,2,0\n3,4,1\n", "width\n1\n2\n", image(), GOOD.encode("utf-16")])
def test_sentence_about_a_file_names_it(tmp_path, content):
    assert "mine.csv" in complaint(tmp_path, content)


def test_text_among_the_numbers_of_the_only_inputs_is_named_with_its_line(tmp_path):
    for content in (GOOD + "oops,3,yes\n", GOOD.replace("height", "h").replace("\n0.5,1,", "\noops,1,")):
        text = complaint(tmp_path, content, feature_1="width")
        assert (
            "'width'" in text
            and "'oops'" in text
            and f"line {content.count(chr(10), 0, content.find('oops')) + 1}" in text
        )


def test_text_among_the_numbers_is_named_without_choosing_columns_too(tmp_path):
    text = complaint(tmp_path, "a,b,c\n1,2,0\n2,3,1\noops,5,1\n4,7,0\n")
    assert "'a'" in text and "'oops'" in text and "line 4" in text


def test_line_of_a_wrong_cell_counts_blank_lines(tmp_path):
    text = complaint(tmp_path, "width,height,ripe\n\n\n" + BODY + "oops,3,yes\n", feature_1="width")
    assert "line 34" in text


def test_text_index_rows_longer_than_the_header_are_refused_in_one_sentence(tmp_path):
    complaint(tmp_path, "a,b,c\n" + "".join(f"x{i},y{i},{i if i else 'oops'},q,r\n" for i in range(30)))


@pytest.mark.parametrize("digits", [25, 400, 5000])
def test_whole_numbers_of_any_length_are_read_or_refused(tmp_path, digits):
    content = "a,b,c\n" + "".join(f"{i + 1}{'7' * digits},{i},{'xy'[i % 2]}\n" for i in range(30))
    try:
        split = load(tmp_path, content)
    except ValueError as error:
        assert "numeric" in str(error) and len(str(error).splitlines()) == 1
    else:
        assert np.isfinite(split.X_train).all() and np.isfinite(split.X_test).all()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"feature_1": "depth"}, "'depth'"),
        ({"feature_2": "depth"}, "'depth'"),
        ({"target": "kind"}, "'kind'"),
        ({"class_0": "maybe"}, "'maybe'"),
        ({"class_1": "maybe"}, "'maybe'"),
        ({"class_0": "yes", "class_1": "yes"}, "'yes'"),
        ({"feature_1": "width", "feature_2": "width"}, "three different columns"),
        ({"feature_1": "width", "target": "width"}, "three different columns"),
        ({"feature_1": "ripe"}, "ripe"),
        ({"feature_1": "ripe", "target": "height", "feature_2": "width"}, "'ripe' is not numeric"),
        ({"target": "height"}, "two"),
    ],
)
def test_bad_choice_gets_one_sentence(tmp_path, settings, says):
    assert says in complaint(tmp_path, GOOD, **settings)


def test_more_classes_than_can_be_told_apart_are_named(tmp_path):
    text = "width,height,ripe\n" + "".join(f"{i},{i * i},is{i % 11:02}\n" for i in range(44))
    said = complaint(tmp_path, text)
    assert all(name in said for name in ("'ripe'", "11 values", "is00", "10", "class_1"))


def test_class_0_alone_is_no_choice_among_three(tmp_path):
    assert "class_1" in complaint(tmp_path, GOOD + "1,2,perhaps\n", class_0="perhaps")


def test_sentence_stays_short_and_single_where_names_contain_newlines(tmp_path):
    text = GOOD.replace("width", '"wi\ndth"').replace("yes", '"ye\ns"')
    complaint(tmp_path, text, target="nope")
    complaint(tmp_path, text, class_1="nope")
    complaint(tmp_path, text + "1,2,perhaps\n", class_0="perhaps")
    complaint(tmp_path, text, feature_1="wi\ndth", feature_2="wi\ndth")


def test_only_one_class_left_after_dropping_rows(tmp_path):
    assert "one class" in complaint(tmp_path, "a,b,c\n1,2,x\n2,4,x\n3,7,x\n,5,y\n,6,y\n")


def test_too_few_rows_for_a_test_share(tmp_path):
    content = "a,b,c\n1,2,x\n2,4,y\n3,7,x\n"
    assert "too few" in complaint(tmp_path, content)
    assert len(load(tmp_path, content, test_fraction=0.0).y_train) == 3


@pytest.mark.parametrize(
    "name", ["nowhere.csv", "no/such/folder/x.csv", "a\0b", "a\nb", "x" * 5000, ".", "../data", "~"]
)
def test_missing_file_or_folder_gets_one_sentence(name):
    with pytest.raises(ValueError) as caught:
        datasets.load(Config(dataset="csv", data_file=name))
    assert "penguins.csv" in one_sentence(caught)


def test_directory_gets_one_sentence(tmp_path):
    for use in (csv_files.find, csv_files.read):
        with pytest.raises(ValueError) as caught:
            use(str(tmp_path))
        one_sentence(caught)


def test_file_that_vanished_gets_one_sentence(tmp_path):
    with pytest.raises(ValueError) as caught:
        csv_files.read(tmp_path / "gone.csv")
    assert "gone.csv" in one_sentence(caught)


# --- anything at all ---------------------------------------------------------------

cells = st.one_of(
    st.sampled_from(
        ["", "0", "1", "1.5", "-2", "1e300", "1e-300", "inf", "nan", "True", "False", "x", "y", '"', "a\nb"]
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=4),
)
separators = st.sampled_from([",", ";", "\t", ", "])
newlines = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


@st.composite
def tables(draw):
    """Something like a CSV file: few columns, odd cells, now and then a ragged row."""
    columns = draw(st.integers(1, 5))
    separator, newline = draw(separators), draw(newlines)
    header = draw(st.lists(st.sampled_from(["a", "b", "c", "a ", "", "1", '"q', "é"]) | cells, min_size=1, max_size=5))
    row = st.lists(cells, min_size=columns, max_size=columns) | st.lists(cells, max_size=6)
    rows = draw(st.lists(row, max_size=12))
    return newline.join(separator.join(line) for line in [header, *rows])


def read_or_refuse(content):
    """The table, if it is one; otherwise checks that the refusal is a single sentence."""
    try:
        table = csv_files.parse(content, "any.csv")
    except ValueError as error:
        assert len(str(error).splitlines()) == 1 and "any.csv" in str(error)
        return None
    assert all(isinstance(column, str) for column in table.columns)
    return table


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"\x1c")
@example(b"a,b,c\n\xff")
def test_any_bytes_give_a_table_or_one_sentence(content):
    read_or_refuse(content)


@given(st.text(max_size=200) | st.text(alphabet='0123456789.eE+-ax,;\t\n\r" \0\ufeff', max_size=200) | tables())
@example("\u00a0")
@example('"\n",,\n1,2,3')
@example("a,b,c\n" + "x,y,1,2,z\n" * 3 + "x,y,oops,2,z\n")
@example("a,a ,b\n1,2,0\n2,4,1\n")
def test_any_text_gives_a_table_or_one_sentence(content):
    read_or_refuse(content.encode("utf-8", "replace"))


@example(NUMERIC, "b", "1")
@example(GOOD, "height", "yes")
@given(tables(), st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "1", "x", "True"]))
def test_any_table_gives_samples_or_one_sentence(content, column, class_1):
    table = read_or_refuse(content.encode("utf-8", "replace"))
    if table is None:
        return
    for settings in ({}, {"feature_1": column}, {"target": column}, {"class_1": class_1}):
        config = Config(dataset="csv", data_file="any.csv", **settings)
        try:
            split = datasets.split(csv_files.points(table, config), 0.25, 0)
        except ValueError as error:
            assert len(str(error).splitlines()) == 1
        else:
            assert np.isfinite(split.X_train).all() and set(split.y_train) == {0.0, 1.0}
