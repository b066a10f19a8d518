"""The bytes of a CSV file as a table: what its columns hold, or what is wrong with them.

A file may be anything, and other tabs are drawn by the same interpreter. So the work grows with the file's size and
no faster, and is done in small pieces, between which other threads have their turn.
"""

import csv
import io
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np

from toynet.config import shown
from toynet.metrics_csv import original

MAX_CLASSES = 50
"""A column with more different values than this is not offered as a target."""

MOSTLY = 0.5
"""A column with at least this share of numbers counts as numeric with text by mistake."""

MISSING = frozenset({"NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "none"})
"""Words that may stand for a missing cell: always among numbers, and in a column of text where they are rare."""

RARE = 0.05
"""Share of a column's rows below which such a word is no class."""

LONGEST_LINE = 100_000
"""Characters of a line, above which a file is no table that a person made."""

LONGEST_NAME = 100
"""Characters of a column's name or a class: longer names are cut, longer classes not offered."""

MOST_COLUMNS = 2000

_PIECE = 20_000
"""Cells handled before other threads have their turn, at the latest: a few milliseconds."""

_MOST_TEXTS = 1000
"""Different texts, as they are written, above which a column is not looked at further."""

_FIRST_LINES = 10
"""Lines that tell what separates the cells."""

_FEW = 1000
"""Rows, more than half of whose cells are not there, that a file may have; more only if most of its rows are whole."""

_END = "\0"
"""A line behind the last: a quote that is left open swallows it."""


class Column(NamedTuple):
    """What a column holds.

    Attributes
    ----------
    numbers : ndarray (rows,) or None
        NaN where a cell is missing; None unless all other cells are numbers.
    values : tuple of str
        What can be a class: the different values, sorted; none where the column cannot be the target.
    codes : ndarray (rows,) of int or None
        Place in `values` of each row, -1 where the cell is missing.
    unfit : str
        Why it cannot be the target, or "".
    missing : tuple of str
        Words of it that count as missing cells.
    wrong : (int, str) or None
        Line and text of the first cell that keeps a mostly numeric column from being an input.
    has_decimal_commas : bool
        Its numbers were written so.
    """

    numbers: np.ndarray | None = None
    values: tuple[str, ...] = ()
    codes: np.ndarray | None = None
    unfit: str = ""
    missing: tuple[str, ...] = ()
    wrong: tuple[int, str] | None = None
    has_decimal_commas: bool = False

    @property
    def can_be_input(self) -> bool:
        """Whether it holds numbers, and not all the same."""
        return self.numbers is not None and self.unfit != _ONE


@dataclass
class Table:
    """Columns by their names, each with so many rows, and what a person should know of how they were read."""

    columns: dict[str, Column]
    rows: int
    notes: list[str] = field(default_factory=list)


def read(content: bytes, name: str) -> Table:
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
    Table

    Raises
    ------
    ValueError
        One sentence that says what is wrong with the file and what to do.
    """
    name = shortened(name)
    text = _decoded(content, name)
    separator = _separator(text, name)
    rows = _rows(text, separator, name)
    names, notes = _names(next(rows, (1, []))[1], separator, name)
    cells, lines = _cells(rows, len(names), name)
    if not lines:
        raise ValueError(f"{name} has a header but no rows")
    columns = {column: _column(pieces, lines, separator) for column, pieces in zip(names, cells, strict=True)}
    commas = [shown(column) for column, c in columns.items() if c.has_decimal_commas]
    if commas:
        notes.append(f"Commas in {listed(commas)} are read as decimal points")
    return Table(columns, len(lines), notes)


def _decoded(content, name):
    if b"\0" in content or content.startswith(b"\x89PNG"):
        raise ValueError(f"{name} is not a text file; export the table as CSV (UTF-8)")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{name} is not UTF-8 (line {line}); save it as CSV UTF-8") from error
    if not text or text.isspace():
        raise ValueError(f"{name} is empty")
    return text


# --- rows ----------------------------------------------------------------------------


def _cells(rows, width, name):
    """The cells of each column, in pieces, and the line on which each row begins."""
    cells, lines, part, full = [[] for _ in range(width)], array("q"), [], max(_PIECE // width, 100)
    short = 0
    for line, row in rows:
        if len(row) != width:
            short += 2 * len(row) < width
            if short > max(_FEW, len(lines) // 2):
                raise ValueError(f"{name} is not a table: most rows have fewer cells than there are column names")
            row = _fitted(row, width, line, name)
        part.append(row)
        lines.append(line)
        if len(part) == full:
            _move(part, cells)
    _move(part, cells)
    return cells, lines


def _move(part, cells):
    """Put rows, as a piece of each column, behind the columns' cells, and forget them."""
    for column, piece in zip(cells, zip(*part, strict=True), strict=False):
        column.append(piece)
    part.clear()


def _separator(text, name):
    """Which one makes as many cells of the first rows as of the header; of several that make most, rather no comma.

    Commas may be in the numbers, and in the names, of a file that has other separators.
    """
    lines = list(islice((line for line in _lines(text, name) if line != _END and not line.isspace()), _FIRST_LINES))

    def fits(separator):
        widths = []
        with suppress(csv.Error):
            widths += (len(row) for row in csv.reader(lines, delimiter=separator, skipinitialspace=True))
        return sum(width == widths[0] > 1 for width in widths), max(widths, default=0)

    return max(";\t,", key=fits)


def _lines(text, name):
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > LONGEST_LINE:
            raise ValueError(f"{name} is not a table: line {number} has more than {LONGEST_LINE:,} characters")
        yield line
    yield _END


def _rows(text: str, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which a row begins, and its cells; rows without any are left out."""
    reader = csv.reader(_lines(text, name), delimiter=separator, skipinitialspace=True)
    begins, wrong = 1, "has a quote that is never closed"
    try:
        for row in reader:
            if row == [_END]:
                return
            if any(row):
                yield begins, row
            last, begins = begins, reader.line_num + 1
    except csv.Error:
        last, wrong = begins, "has a cell that is too long; perhaps a quote is never closed"
    raise ValueError(f"{name} is not a table: the row that begins on line {last} {wrong}")


def _fitted(row, width, line, name):
    """The row with as many cells as there are columns."""
    if len(row) < width:
        return row + [""] * (width - len(row))
    if any(cell.strip() for cell in row[width:]):
        raise ValueError(f"{name} is not a table: line {line} has {len(row)} cells for {width} columns")
    return row[:width]


def _names(header, separator, name):
    """The columns' names, each another, and what was done to make them so."""
    while (
        header and not header[-1].strip()
    ):  # separators behind the last cell, as some programs write them, are no cells
        header.pop()
    if not header:
        raise ValueError(f"{name} has no column names")
    if all(_is_number(cell) for cell in header):
        line = shown(separator.join(header), 40)
        raise ValueError(f"{name} has no header: its first line is {line}; name the columns there")
    if not 3 <= len(header) <= MOST_COLUMNS:
        have = "one column" if len(header) == 1 else f"{len(header):,} columns"
        most = f", and {MOST_COLUMNS:,} at most" if len(header) > 3 else ""
        raise ValueError(f"{name} has {have}; it takes three: two numeric inputs and a target{most}")
    wanted = [shortened(original(cell)) or f"column {number}" for number, cell in enumerate(header, 1)]
    names, times = [], Counter()
    for word in wanted:
        new = word
        while new in times:
            times[word] += 1
            new = f"{word} ({times[word]})"
        times[new] = 1
        names.append(new)
    again = [shown(new) for new, word in zip(names, wanted, strict=True) if new != word]
    return names, [f"Columns of the same name are numbered from left to right: {listed(again)}"] if again else []


def listed(words: Iterable[str], most: int = 10) -> str:
    """Some words for a sentence: the first ones, where there are many."""
    words = list(words)
    return ", ".join(shortened(word, 40) for word in words[:most]) + (", …" if len(words) > most else "")


def shortened(text: str, most: int = LONGEST_NAME) -> str:
    """The text as one line that is not too long."""
    line = " ".join(str(text[: 10 * most]).split())
    return line if len(line) <= most and len(text) <= 10 * most else f"{line[:most]}…"


# --- columns -------------------------------------------------------------------------


def _column(pieces, lines, separator):
    """What a column's cells are. The pieces are taken from it."""
    found = _Numbers(pieces, len(lines), False)
    has_commas = False
    if found.wrong and separator != "," and "," in found.first_wrong:
        with_commas = _Numbers(pieces, len(lines), True)
        if with_commas.wrong < found.wrong or not with_commas.is_text:
            found, has_commas = with_commas, True
    if found.filled > found.wrong == 0:
        classes, missing = _classes_of_numbers(found.numbers), found.words
        column = Column(found.numbers, *classes, tuple(sorted(missing)), None, has_commas)
    else:
        wrong = None
        if found.wrong and not found.is_text:
            wrong = lines[found.first], shortened(original(found.first_wrong))
        column = Column(None, *_classes_of_texts(pieces, len(lines)), wrong)
    while pieces:  # all at once would take long
        pieces.pop()
    return column


class _Numbers:
    """The cells of a column as numbers, as far as they have been read.

    Attributes
    ----------
    numbers : ndarray (rows,)
    words : set of str
        Those of `MISSING` that occur.
    filled, wrong : int
        Cells that are not missing, and those of them that are no numbers.
    first : int
        Row of the first wrong cell.
    first_wrong : str
        The cell.
    is_text : bool
        The greater part is wrong: then the others have not been read.
    """

    def __init__(self, pieces, rows, has_commas):
        self.numbers, self.words = np.full(rows, np.nan), set()
        self.filled, self.wrong, self.first, self.first_wrong, self.is_text = 0, 0, 0, "", False
        begin = 0
        for piece in pieces:
            part = self.numbers[begin : begin + len(piece)]
            if has_commas or not self._read(piece, part):
                self._read_with_care(piece, part, begin, has_commas)
            self.is_text = self.wrong > (1 - MOSTLY) * self.filled
            if self.is_text:
                break
            begin += len(piece)

    def _read(self, cells, part):
        """Put the cells into a part of the numbers, if they are nothing but numbers."""
        if "_" in "".join(cells):
            return False
        try:
            part[:] = np.fromiter(map(float, cells), float, len(cells))
        except ValueError:
            return False
        if np.isnan(part).any():
            return False
        self.filled += len(cells)
        return True

    def _read_with_care(self, cells, part, begin, has_commas):
        """The same where some are none; the first of them is in row `begin`."""
        known = {cell: _number(cell.strip(), has_commas) for cell in set(cells)}
        missing = {cell for cell in known if _is_missing(cell)}
        wrong = {cell for cell, number in known.items() if number is None} - missing
        self.words |= {cell.strip() for cell in missing} - {""}
        self.filled += len(cells) - sum(map(missing.__contains__, cells))
        if wrong:
            place = next(place for place, cell in enumerate(cells) if cell in wrong)
            if not self.wrong:
                self.first, self.first_wrong = begin + place, cells[place]
            self.wrong += sum(map(wrong.__contains__, cells))
        known |= dict.fromkeys(missing | wrong, np.nan)
        part[:] = np.fromiter(map(known.__getitem__, cells), float, len(cells))


def _number(word, has_commas):
    """The number that a word is, or None."""
    if not word or "_" in word or (has_commas and "." in word):  # 1_000 is a number for Python alone, 1.000,5 for few
        return None
    try:
        return float(word.replace(",", ".") if has_commas else word)
    except ValueError:
        return None


def _is_missing(cell):
    word = cell.strip()
    return not word or word in MISSING


def _is_number(cell):
    return _number(cell, False) is not None


def _classes_of_numbers(numbers):
    """`values`, `codes` and `unfit` of a column of numbers."""
    pieces = [numbers[begin : begin + _PIECE] for begin in range(0, len(numbers), _PIECE)]
    different = np.empty(0)
    for piece in pieces:
        different = np.union1d(different, piece[~np.isnan(piece)])
        if different.size > MAX_CLASSES:
            return (), None, _TOO_MANY
    codes = np.concatenate([np.where(np.isnan(p), -1, np.searchsorted(different, p)).astype(np.int8) for p in pieces])
    return _if_two([_class_of(number) for number in different.tolist()], codes)


def _class_of(number):
    """2.0 and 2 are the same class: whole numbers lose their point."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e16 else repr(number)


def _classes_of_texts(pieces, rows):
    """`values`, `codes`, `unfit` and `missing` of a column of text."""
    cells = Counter()
    for piece in pieces:
        cells.update(piece)
        if len(cells) > _MOST_TEXTS:
            return (), None, _TOO_MANY, ()
    words = {cell: shortened(original(cell)) for cell in cells}
    counts = Counter()
    for cell, count in cells.items():
        counts[words[cell]] += count
    missing = {word for word, count in counts.items() if word in MISSING and count < RARE * rows}
    values = sorted(counts.keys() - missing - {""})
    if len(values) > MAX_CLASSES:
        return (), None, _TOO_MANY, ()
    if any(len(value) > LONGEST_NAME for value in values):
        return (), None, f"has texts of more than {LONGEST_NAME} characters", ()
    places = {value: place for place, value in enumerate(values)}
    code = {cell: places.get(word, -1) for cell, word in words.items()}
    codes = np.concatenate([np.fromiter(map(code.__getitem__, piece), np.int8, len(piece)) for piece in pieces])
    return *_if_two(values, codes), tuple(sorted(missing))


_ONE = "has one value; a target needs two"
_TOO_MANY = f"has more than {MAX_CLASSES} different values; a target has 2 to {MAX_CLASSES}"


def _if_two(values, codes):
    """`values`, `codes` and `unfit`: one value alone is not enough."""
    if len(values) >= 2:
        return tuple(values), codes, ""
    return (), None, _ONE if values else "has no values"
