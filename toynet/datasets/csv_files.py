"""CSV files as data: find, read, see which columns can serve, and turn them into points.

Every way in which a file can be unusable ends in a ValueError of one sentence.
"""

import io
import re
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[2] / "data"
MAX_CLASSES = 50
"""A column with more different values than this is not offered as a target."""
MOSTLY = 0.5
"""A column with at least this share of numbers counts as numeric with text by mistake."""


def shipped():
    """Names of the CSV files that come with the project."""
    return sorted(path.name for path in DATA.glob("*.csv"))


def find(name):
    """The path of a file given by path or by its name in data/.

    Raises
    ------
    ValueError
        If there is none.
    """
    for path in (Path(name), DATA / name):
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):  # a name that no file can have
            break
    shown = name if len(name) <= 80 else f"{name[:80]}…"
    raise ValueError(f"there is no file {shown!r}; the files in data/ are {', '.join(shipped())}")


def read(path):
    """A CSV file as a table; see `parse` for what is refused. Cached until the file changes."""
    path = Path(path)
    try:
        stat = path.stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror or error}") from error


@lru_cache(maxsize=8)
def _read(path, mtime, size):
    return parse(path.read_bytes(), path.name)


def parse(content, name):
    """The bytes of a CSV file as a table.

    Commas, semicolons or tabs between the cells; UTF-8, with or without a byte
    order mark; the first line names the columns.

    Parameters
    ----------
    content : bytes
    name : str
        What messages call the file.

    Returns
    -------
    pandas.DataFrame
        Column names are stripped strings.

    Raises
    ------
    ValueError
        One sentence that says what is wrong with the file and what to do.
    """
    if b"\0" in content[:4096] or content.startswith(b"\x89PNG"):
        raise ValueError(f"{name} is not a text file; export the table as CSV (UTF-8)")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{name} is not UTF-8 (line {line}); save it as CSV UTF-8") from error
    if not text.strip():
        raise ValueError(f"{name} is empty")
    body = text.lstrip()
    first_line = text[: len(text) - len(body)].count("\n") + 1
    header = re.split(r"\r\n|\r|\n", body, maxsplit=1)[0]
    separator = max(",;\t", key=header.count)
    table = _table(body, separator, name)
    table.index += first_line + 1
    table.columns = [_tidy(column) for column in table.columns]
    _check(table, name, header, separator)
    return table


def _table(text, separator, name):
    """The cells under the header; lines without any are left out, the index still counts them."""
    # Separators behind the last cell, as some programs write them, are no cells.
    text = re.sub(rf"{separator}+[ ]*$", "", text, flags=re.MULTILINE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                io.StringIO(text),
                sep=separator,
                skipinitialspace=True,
                skip_blank_lines=False,
                index_col=False,
                low_memory=False,
            )
    except pd.errors.ParserWarning as error:
        raise ValueError(f"{name} is not a table: some rows have more cells than there are column names") from error
    except (ValueError, OverflowError) as error:  # pandas' parser errors are ValueErrors
        reason = _tidy(error).removeprefix("Error tokenizing data. C error: ").rstrip(".")
        raise ValueError(f"{name} is not a table: {reason}") from error
    return table.dropna(how="all")


def _tidy(text):
    """As one line."""
    return " ".join(str(text).split())


def _check(table, name, header, separator):
    """Refuse what cannot hold two inputs and a target."""
    cells = [cell.strip().strip('"') for cell in header.split(separator)]
    if cells and all(_is_number(cell) for cell in cells):
        raise ValueError(f"{name} has no header: its first line is {header.strip()[:40]!r}; name the columns there")
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ValueError(f"{name} has two columns called {twice[0]!r}; name them apart")
    if table.shape[1] < 3:
        have = "one column" if table.shape[1] == 1 else f"{table.shape[1]} columns"
        raise ValueError(f"{name} has {have}; it takes three: two numeric inputs and a target")
    if table.empty:
        raise ValueError(f"{name} has a header but no rows")
    if len(numeric_columns(table)) < 2:
        for column in table.columns:
            wrong = _first_text(table[column])
            if wrong:
                raise ValueError(f"{name}: {_wrong_text(column, wrong)}")
        raise ValueError(f"{name} has fewer than two numeric columns with different values in them")
    if not target_columns(table):
        raise ValueError(f"{name} has no column with 2 to {MAX_CLASSES} different values to serve as the target")


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _first_text(column):
    """(line of the file, cell) of the first text in a mostly numeric column, or None."""
    if pd.api.types.is_numeric_dtype(column):
        return None
    filled = column.dropna().astype(str)
    as_numbers = pd.to_numeric(filled, errors="coerce")
    if filled.empty or as_numbers.notna().mean() < MOSTLY or as_numbers.notna().all():
        return None
    line = as_numbers.isna().idxmax()
    return int(line), _tidy(filled[line])


def _wrong_text(column, wrong):
    line, cell = wrong
    return f"column {column!r} has the text {cell[:30]!r} on line {line} where a number should be"


def numeric_columns(table):
    """Columns that can be an input: numbers, and not all the same."""
    numeric = table.select_dtypes("number").columns
    return [c for c in numeric if table[c].nunique() > 1]


def target_columns(table):
    """Columns that can be the target: 2 to `MAX_CLASSES` different values."""
    return [c for c in table.columns if 2 <= table[c].nunique() <= MAX_CLASSES]


def text_by_mistake(table):
    """One sentence for each column that would be numeric but for some text in it."""
    found = ((c, _first_text(table[c])) for c in table.columns)
    return [_wrong_text(c, wrong) for c, wrong in found if wrong]


def values(table, target):
    """The target's different values as sorted text: what class_0 and class_1 may be."""
    different = sorted(table[target].dropna().unique(), key=lambda v: (isinstance(v, str), v))
    return list(dict.fromkeys(_text(v) for v in different))


def _text(value):
    """2.0 and 2 are the same class: whole floats lose their point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else _tidy(value)


def suggest(table, target="", feature_1="", feature_2=""):
    """Fill in what was left open.

    The target is the first text column with two values, else the last column
    with two, else whichever has fewest; the inputs are the first two numeric
    columns that are left.

    Returns
    -------
    feature_1, feature_2, target : str
    """
    if not target:
        free = [c for c in target_columns(table) if c not in (feature_1, feature_2)]
        order = {c: (table[c].nunique(), pd.api.types.is_numeric_dtype(table[c]), -i) for i, c in enumerate(free)}
        target = min(free, key=order.get, default="")
    free = [c for c in numeric_columns(table) if c not in (target, feature_1, feature_2)]
    feature_1 = feature_1 or (free.pop(0) if free else "")
    feature_2 = feature_2 or (free.pop(0) if free else "")
    if not (target and feature_1 and feature_2):
        single = [f"column {c!r} has one value; a target needs two" for c in table.columns if table[c].nunique() == 1]
        reasons = [*text_by_mistake(table), *single, "the file leaves no two numeric inputs beside its target"]
        raise ValueError(reasons[0])
    return feature_1, feature_2, target


def points(table, config) -> tuple[np.ndarray, np.ndarray, tuple[str, str], tuple[str, str], int]:
    """The chosen columns as samples.

    Parameters
    ----------
    table : pandas.DataFrame
        From `read` or `parse`.
    config : Config
        Its feature_1, feature_2, target, class_0 and class_1 choose.

    Returns
    -------
    X : ndarray (m, 2)
    y : ndarray (m,)
        0.0 or 1.0.
    feature_names, class_names : tuple of 2 str
    dropped : int
        Rows left out because one of the three cells was missing or infinite.
    """
    feature_1, feature_2, target = suggest(table, config.target, config.feature_1, config.feature_2)
    if len({feature_1, feature_2, target}) < 3:
        raise ValueError(
            f"inputs and target must be three different columns, not {feature_1!r}, {feature_2!r}, {target!r}"
        )
    numbers = np.stack([_numbers(table, c) for c in (feature_1, feature_2)], axis=1)
    if target not in table.columns:
        raise ValueError(f"there is no column {target!r}; the columns are {', '.join(table.columns)}")
    class_0, class_1 = _classes(values(table, target), target, config.class_0, config.class_1)
    labels = table[target].map(_text, na_action="ignore")
    complete = np.isfinite(numbers).all(axis=1) & labels.notna().to_numpy()
    is_1 = (labels == class_1).to_numpy()
    wanted = is_1 | (labels == class_0).to_numpy() if class_0 else np.full(len(table), True)
    keep = complete & wanted
    dropped = ~complete & (wanted | labels.isna().to_numpy())
    y = is_1[keep].astype(float)
    if not 0 < y.sum() < y.size:
        raise ValueError("only one class is left once rows with missing cells are dropped; two are needed")
    class_names = (class_0 or f"not {class_1}", class_1)
    return numbers[keep], y, (feature_1, feature_2), class_names, int(dropped.sum())


def _numbers(table, column):
    if column not in table.columns:
        raise ValueError(f"there is no column {column!r}; the columns are {', '.join(table.columns)}")
    if column not in table.select_dtypes("number").columns:
        wrong = _first_text(table[column])
        raise ValueError(_wrong_text(column, wrong) if wrong else f"column {column!r} is not numeric")
    return table[column].to_numpy(float)


def _classes(known, target, class_0, class_1):
    for name in (class_0, class_1):
        if name and name not in known:
            raise ValueError(f"{target!r} has no value {name!r}; its values are {', '.join(known[:20])}")
    if class_0 and class_0 == class_1:
        raise ValueError(f"class_0 and class_1 are both {class_0!r}: choose two different values of {target!r}")
    if len(known) == 2:
        class_1 = class_1 or next(v for v in reversed(known) if v != class_0)
        class_0 = class_0 or next(v for v in known if v != class_1)
    if len(known) < 2:
        raise ValueError(f"target {target!r} has one value ({', '.join(known)}); two classes are needed")
    if not class_1:
        raise ValueError(
            f"target {target!r} has {len(known)} values ({', '.join(known[:6])}{', …' if len(known) > 6 else ''}): "
            "choose class_1 and class_0, or class_1 alone for one against the rest"
        )
    return class_0, class_1
