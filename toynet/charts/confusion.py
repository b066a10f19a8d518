"""The confusion matrix: how many samples of each class are taken for which."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.palette import INK, MIDDLE, RIGHT, WRONG
from toynet.datasets import Split
from toynet.measuring import predicted
from toynet.network import Parameters, forward

HEIGHT = 240

_PARTS = {"test": "test part", "train": "training part"}

WRITTEN = 42
"""Characters that all names together have at most where they stand above the columns; longer ones have numbers there,
which stand before the rows' names."""


def part_of(split: Split) -> str:
    """The part of the data that is counted: "test", or "train" where nothing is held back."""
    return "test" if split.y_test.size else "train"


def confusion(parameters: Parameters, activation: str, split: Split, output: str = "sigmoid") -> np.ndarray:
    """Counts (k, k) of the test part, or of the training part where that is empty: row is, column predicted."""
    X, y = (split.X_test, split.y_test) if split.y_test.size else (split.X_train, split.y_train)
    k = len(split.class_names)
    with np.errstate(over="ignore", invalid="ignore"):
        taken_for = predicted(forward(parameters, X, activation, output))
    return np.bincount(y.astype(int) * k + taken_for, minlength=k * k).reshape(k, k)


@lru_cache(vega.SPECS)
def confusion_chart(class_names: tuple[str, ...], part: str, height: int = HEIGHT) -> vega.Spec:
    """Spec of the confusion matrix, over the dataset of `confusion_table`.

    A cell is the darker the larger its share of its row, green where that is right and red where it is wrong.

    Parameters
    ----------
    class_names : tuple of k str
    part : {"test", "train"}
    height : int
        Pixels.
    """
    k, names = len(class_names), vega.js(list(class_names))
    told = vega.tooltip(
        {
            "Is": f"{names}[floor(datum.y)]",
            "Predicted": f"{names}[floor(datum.x)]",
            "Samples": "format(datum.count, ',')",
            "Of that class": "format(datum.share, '.1%')",
        }
    )
    wide, high = f"(width / {k} - 2)", f"(height / {k} - 2)"
    cells = alt.Chart().encode(key=vega.KEY)
    square = {"width": alt.expr(wide), "height": alt.expr(high), "tooltip": told}
    ground = cells.mark_rect(**square, fill=MIDDLE, opacity=1)
    is_right = f"floor(datum.x) == floor(datum.y) ? {vega.js(RIGHT)} : {vega.js(WRONG)}"
    shade = cells.mark_rect(**square, fill=alt.expr(is_right), opacity=alt.expr("datum.share"))
    figures = cells.mark_text(
        fontSize=alt.expr(f"min(14, 0.55 * min({high}, {wide}))"),
        color=alt.expr(f"datum.share > 0.6 ? '#ffffff' : {vega.js(INK)}"),
        opacity=alt.expr("datum.count ? 1 : 0.35"),
        tooltip=told,
    ).encode(text="count:Q")
    chart = alt.layer(ground, shade, figures, data=vega.dataset("confusion"))
    return vega.spec(chart, height, encoding=_axes(class_names, part))


def _axes(class_names, part):
    """Predicted across, and what they are downwards."""
    k = len(class_names)
    columns = lines = list(class_names)
    if k * max(map(len, class_names)) > WRITTEN:
        columns, lines = list(map(str, range(k))), [f"{c}  {name}" for c, name in enumerate(class_names)]
    bare = {"values": [c + 0.5 for c in range(k)], "grid": False, "ticks": False, "domain": False}
    bare |= {"labelOverlap": False, **vega.CLOSE}

    def axis(labels, **more):
        return alt.Axis(**bare, labelExpr=f"{vega.js(labels)}[floor(datum.value)]", **more)

    across = axis(columns, orient="top", labelLimit=alt.expr(f"width / {k} - 2"))
    scale = {"domain": [0, k], "nice": False, "zero": False}
    title = f"Predicted, of the {_PARTS[part]}"
    return {
        "x": alt.X("x:Q", title=title, scale=alt.Scale(**scale), axis=across).to_dict(),
        "y": alt.Y(
            "y:Q", title="True class", scale=alt.Scale(**scale, reverse=True), axis=axis(lines, labelLimit=90)
        ).to_dict(),
    }


def confusion_table(counts: np.ndarray) -> pa.Table:
    """Dataset `confusion`: a cell a row, x and y of its middle, its `count` and its `share` of what is of its class.

    Parameters
    ----------
    counts : ndarray (k, k)
        From `confusion`.
    """
    k = len(counts)
    y, x = np.divmod(np.arange(k * k), k)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    places = {"x": (x + 0.5).astype(np.float32), "y": (y + 0.5).astype(np.float32)}
    return vega.table(places | {"count": counts.ravel().astype(np.uint32), "share": share.ravel().astype(np.float32)})
