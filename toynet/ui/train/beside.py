"""What is said of the runs beside one's own, as HTML: a strip of dots, a table of who leads."""

import html

import numpy as np

from toynet.charts.palette import RUN_LOOKS
from toynet.many.measures import OTHER_SUMS
from toynet.ui.train.numbers import loss

LEVEL = {"epoch": "epoch", "update": "update", "samples_seen": "number of samples seen", "seconds": "time of training"}
"""Axis of a race -> at the same what its lanes are."""


UNLIKE = {
    "hidden_size": "Networks of different sizes cannot start at the same weights: each starts at its own.",
    "init_seed": "Each seed starts at weights of its own.",
    "output": OTHER_SUMS,
}
"""Raced setting -> what is not the same for all."""

NO_BATCHES = "Batch size makes a difference in batch mode mini alone: as it is, all of them are the same."


def behind_html(group):
    """What is said while others are still on their way to where the own run is."""
    if group.is_level:
        return ""
    epochs = [run.epoch for run in group.runs if not run.diverged]
    return f"catching up, now at epoch {min(epochs):,} to {max(epochs):,}"


def strip_html(group, rows, behind=""):
    """Luck: the accuracy of each seed as a dot, the own one's dark.

    Parameters
    ----------
    group : Group
    rows : list of dict
        What was measured of each run.
    behind : str
        From `behind_html`.
    """
    part = _part(group)
    shares = [row[f"{part}_accuracy"] for row in rows]
    low = max(0.0, np.floor(20 * min(shares) - 1e-9) / 20)
    dots = "".join(
        _dot(share, low, f"seed {run.config.data_seed}: {share:.1%}{' (diverged)' if run.diverged else ''}", i == 0)
        for i, (run, share) in reversed(list(enumerate(zip(group.runs, shares, strict=True))))
    )
    lost = sum(bool(run.diverged) for run in group.runs)
    more = f" · {lost} diverged" if lost else ""
    more += f" · {behind}" if behind else ""
    return (
        f'<div class="luck"><div>{len(rows)} seeds: median {np.median(shares):.1%}{more}</div>'
        f'<div class="strip">{dots}</div><div class="ends"><span>{low:.0%}</span><span>100%</span></div></div>'
    )


def _dot(share, low, told, is_own):
    place = 100 * (share - low) / max(1.0 - low, 1e-9)
    kind = ' class="own"' if is_own else ""
    return f'<i{kind} style="left: {place:.1f}%" title="{html.escape(told)}"></i>'


def standing_html(group, rows, runs, behind=""):
    """Race: who leads, at the same place on the axis.

    Parameters
    ----------
    group : Group
    rows : list of dict
        What was measured of each run.
    runs : sequence of Trainer
        As they are shown.
    behind : str
        From `behind_html`.
    """
    part = _part(group)
    lanes = list(zip(range(len(rows)), group.labels, rows, runs, strict=True))
    measure, sign = (f"{part}_accuracy", -1) if group.plan.setting == "output" else (f"{part}_loss", 1)
    order = sorted(lanes, key=lambda lane: (bool(lane[3].diverged), sign * lane[2][measure]))
    body = "".join(_lane(place, *lane, part) for place, lane in enumerate(order, 1))
    heads = ("", "", "Epoch", "Update", "Samples seen", "Seconds", f"{part.title()} loss", f"{part.title()} accuracy")
    head = "".join(f"<th>{head}</th>" for head in heads)
    head_line = f"Lanes are {behind}." if behind else f"Who leads, at the same {LEVEL[group.axis]}."
    start = UNLIKE.get(group.plan.setting, "")
    if group.plan.setting == "batch_size" and group.own.batch_mode != "mini":
        start = NO_BATCHES
    return f'<div class="standing"><div>{head_line} {start}</div><table><tr>{head}</tr>{body}</table></div>'


def _lane(place, i, label, row, shown, part):
    own = " (yours)" if i == 0 and not label.endswith(" (yours)") else ""
    sign = f'<b style="color: {RUN_LOOKS[i][0]}">━━</b> {html.escape(label)}{own}'
    numbers = [f"{row['epoch']:,.0f}", f"{row['update']:,.0f}", f"{row['samples_seen']:,.0f}", f"{row['seconds']:.3g}"]
    came = ["diverged", ""] if shown.diverged else [loss(row[f"{part}_loss"]), f"{row[f'{part}_accuracy']:.1%}"]
    cells = "".join(f"<td>{cell}</td>" for cell in (*numbers, *came))
    return f"<tr><td>{place}.</td><td>{sign}</td>{cells}</tr>"


def luck_legend(group):
    """What stands around the curves of a run."""
    number = len(group.runs)
    return f'<div class="behind">Thick: your run. Thin, with its band: median and 10 to 90 % of {number} seeds.</div>'


def race_legend(group, view):
    """Which curve of a race is whose."""
    signs = " ".join(
        f'<span><b style="color: {colour}">━━</b> {html.escape(label)}</span>'
        for label, (colour, _) in zip(group.labels, RUN_LOOKS, strict=False)
    )
    what = f"{_part(group).title()} {view.shows}, and the norm of the whole gradient:"
    return f'<div class="behind">{what} {signs}</div>'


def _part(group):
    """The part of the data that counts: the test part, where there is one."""
    return "test" if group.own.split.y_test.size else "train"
