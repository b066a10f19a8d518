"""CSV files as data: find, read, see which columns can serve, and turn them into points.

Every way in which a file can be unusable ends in a ValueError of one sentence.
"""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from toynet.config import Config, shown
from toynet.datasets import features, tables
from toynet.datasets.samples import Points
from toynet.datasets.tables import MAX_CLASSES, Table, listed, shortened

MOST_AT_ONCE = 10
"""Values of a target that can all be classes of their own; of more, two are chosen, or one against the rest."""

DATA = Path(__file__).parents[2] / "data"


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
    raise ValueError(f"there is no file {shown(name, 80)}; the files in data/ are {', '.join(shipped())}")


def read(path):
    """A CSV file as a table; see `parse` for what is refused. Kept until the file changes."""
    path = Path(path)
    try:
        key = _key(path)
        table = _kept.get(key)
        if table is None:
            table = parse(path.read_bytes(), path.name)
            _keep(key, table)
        return table
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror or error}") from error


def remember(path: Path, table: Table) -> None:
    """Keep what a file is as a table, for who has it already: `read` does the same."""
    _keep(_key(path), table)


MOST_KEPT = 8
"""Tables that are kept: those that were read last."""

_kept: dict[tuple[Path, int, int], Table] = {}
_keeping = threading.Lock()


def _key(path):
    stat = path.stat()
    return path, stat.st_mtime_ns, stat.st_size


def _keep(key, table):
    with _keeping:
        _kept[key] = table
        if len(_kept) > MOST_KEPT:
            del _kept[next(iter(_kept))]


def parse(content: bytes, name: str) -> Table:
    """The bytes of a CSV file as a table that holds two inputs and a target.

    Raises
    ------
    ValueError
        One sentence that says what is wrong with the file and what to do; see `tables.read` for what can be read.
    """
    table = tables.read(content, name)
    name = shortened(name)
    if len(numeric_columns(table)) < 2:
        mistakes = text_by_mistake(table)
        none = f"{name} has fewer than two numeric columns with different values in them"
        raise ValueError(f"{name}: {mistakes[0]}" if mistakes else none)
    if not target_columns(table):
        none = f"{name} has no column with 2 to {MAX_CLASSES} different values to serve as the target"
        unfit = _unfit(table)
        raise ValueError(f"{name}: {unfit[0]}" if unfit else none)
    return table


def numeric_columns(table: Table) -> list[str]:
    """Columns that can be an input: numbers, and not all the same."""
    return [name for name, column in table.columns.items() if column.can_be_input]


def target_columns(table: Table) -> list[str]:
    """Columns that can be the target: 2 to `MAX_CLASSES` different values."""
    return [name for name, column in table.columns.items() if column.values]


def text_by_mistake(table: Table) -> list[str]:
    """One sentence for each column that would be numeric but for some text in it."""
    return [_wrong_text(name, column.wrong) for name, column in table.columns.items() if column.wrong]


def _wrong_text(name, wrong):
    line, cell = wrong
    return f"column {shown(name)} has the text {shown(cell, 30)} on line {line} where a number should be"


def _unfit(table):
    """One sentence for each column of text that cannot be the target, then for each of numbers that are all one."""
    order = sorted(table.columns.items(), key=lambda item: item[1].numbers is not None)
    return [f"column {shown(name)} {c.unfit}" for name, c in order if c.unfit and not c.can_be_input]


def values(table: Table, target: str) -> list[str]:
    """The target's different values as sorted text: what class_0 and class_1 may be."""
    return list(table.columns[target].values)


def missing_words(table: Table, columns: Iterable[str]) -> list[str]:
    """Words such as NA that count as missing cells in these columns."""
    return sorted({word for name in columns for word in table.columns[name].missing})


def suggest(
    table: Table, target: str = "", feature_1: str = "", feature_2: str = "", inputs: Sequence[str] = ()
) -> tuple[str, str, str]:
    """Fill in what was left open.

    The target is the first text column with two values, else the last column
    with two, else whichever has fewest, and none of the columns among `inputs`;
    the features are the first two numeric columns that are left, those among `inputs` first.

    Returns
    -------
    feature_1, feature_2, target : str

    Raises
    ------
    ValueError
        Where there are not enough columns: one sentence that says why.
    """
    if not target:
        free = [name for name in target_columns(table) if name not in (feature_1, feature_2, *inputs)]
        last_first = [(name, table.columns[name]) for name in reversed(free)]
        target, _ = min(last_first, key=lambda n: (len(n[1].values), n[1].numbers is not None), default=("", None))
    free = [name for name in numeric_columns(table) if name not in (target, feature_1, feature_2)]
    free.sort(key=lambda name: inputs.index(name) if name in inputs else len(inputs))
    feature_1 = feature_1 or (free.pop(0) if free else "")
    feature_2 = feature_2 or (free.pop(0) if free else "")
    if not (target and feature_1 and feature_2):
        generic = "the file leaves no two numeric inputs beside its target"
        raise ValueError([*text_by_mistake(table), *_unfit(table), generic][0])
    return feature_1, feature_2, target


def points(table: Table, config: Config) -> Points:
    """The chosen columns as samples; rows in which one of their cells is missing or infinite are dropped.

    Parameters
    ----------
    table : Table
        From `read` or `parse`.
    config : Config
        Its feature_1, feature_2, features, target, class_0 and class_1 choose: with both classes these two, with
        class_1 alone one against the rest, with neither all values of the target, each a class.

    Raises
    ------
    ValueError
        Where the columns cannot serve: one sentence that says why.
    """
    inputs = features.parse(config.features)
    feature_1, feature_2, target = suggest(table, config.target, config.feature_1, config.feature_2, inputs)
    if len({feature_1, feature_2, target}) < 3:
        names = ", ".join(map(shown, (feature_1, feature_2, target)))
        raise ValueError(f"inputs and target must be three different columns, not {names}")
    columns = (feature_1, feature_2, *_further(table, inputs, (feature_1, feature_2, target)))
    numbers = np.stack([_numbers(table, name) for name in columns], axis=1)
    column = _column(table, target)
    if column.unfit:
        raise ValueError(f"target {shown(target)} {column.unfit}")
    of_values, y = _chosen_classes(values(table, target), column.codes, target, config)
    wanted, complete = y >= 0, np.isfinite(numbers).all(axis=1) & (column.codes >= 0)
    keep = complete & wanted
    dropped = ~complete & (wanted | (column.codes < 0))
    class_names, y = _left(of_values, y[keep])
    return Points(numbers[keep], y, columns, class_names, int(dropped.sum()), inputs)


def _further(table, inputs, chosen):
    """The columns among the inputs beside those that are drawn."""
    further = [name for name in inputs if name in table.columns and name not in chosen[:2]]
    unknown = [name for name in inputs if name not in (*table.columns, *features.TERMS)]
    if unknown:
        _column(table, unknown[0])
    if chosen[2] in further:
        raise ValueError(f"features has the target {shown(chosen[2])}: an input must be another column")
    return further


def _left(class_names, y):
    """Classes of which a row is left, numbered 0 .. k-1, and y by these numbers."""
    left, y = np.unique(y, return_inverse=True)
    if left.size < 2:
        raise ValueError("only one class is left once rows with missing cells are dropped; two are needed")
    return tuple(class_names[c] for c in left.astype(int)), y.astype(float)


def _column(table, name):
    if name not in table.columns:
        raise ValueError(f"there is no column {shown(name)}; the columns are {listed(table.columns)}")
    return table.columns[name]


def _numbers(table, name):
    column = _column(table, name)
    if column.numbers is None:
        raise ValueError(_wrong_text(name, column.wrong) if column.wrong else f"column {shown(name)} is not numeric")
    return column.numbers


def _chosen_classes(known, codes, target, config):
    """The classes' names, and of each row its class's number, -1 for a row that is of none of them."""
    class_0, class_1 = _classes(known, target, config.class_0, config.class_1)
    if not class_1:
        return known, codes
    is_1 = codes == known.index(class_1)
    is_0 = codes == known.index(class_0) if class_0 else ~is_1
    return (class_0 or f"not {class_1}", class_1), np.where(is_1, 1, np.where(is_0, 0, -1))


def _classes(known, target, class_0, class_1):
    """class_0 and class_1, filled in where there are two values; both empty where all values are classes."""
    for name in (class_0, class_1):
        if name and name not in known:
            raise ValueError(f"{shown(target)} has no value {shown(name)}; its values are {listed(known)}")
    if class_0 and class_0 == class_1:
        raise ValueError(
            f"class_0 and class_1 are both {shown(class_0)}: choose two different values of {shown(target)}"
        )
    if len(known) == 2:
        class_1 = class_1 or next(v for v in reversed(known) if v != class_0)
        class_0 = class_0 or next(v for v in known if v != class_1)
    if class_0 and not class_1:
        raise ValueError(
            f"class_0 is {shown(class_0)} and class_1 empty: choose class_1, too, or neither for all values"
        )
    if not class_1 and len(known) > MOST_AT_ONCE:
        raise ValueError(
            f"target {shown(target)} has {len(known)} values ({listed(known, 6)}), too many to be a class each (up to "
            f"{MOST_AT_ONCE} can be): choose class_1 and class_0, or class_1 alone for one against the rest"
        )
    return class_0, class_1
