"""What is said of the runs beside one's own, as HTML: a strip of dots, a table of who leads."""

import html

import numpy as np

from toynet.charts.palette import RUN_LOOKS
from toynet.ui.train.numbers import loss

LEVEL = {"epoch": "epoch", "update": "update", "samples_seen": "number of samples seen", "seconds": "time of training"}
"""Axis of a race -> at the same what its lanes are."""


UNLIKE = {
    "hidden_size": "Networks of different sizes cannot start at the same weights: each starts at its own.",
    "init_seed": "Each seed starts at weights of its own.",
}
"""Raced setting -> why the start is not the same."""


def strip_html(group, rows):
    """Luck: the accuracy of each seed as a dot, the own one's dark.

    Parameters
    ----------
    group : Group
    rows : list of dict
        What was measured of each run.
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
    return (
        f'<div class="luck"><div>{len(rows)} seeds: median {np.median(shares):.1%}{more}</div>'
        f'<div class="strip">{dots}</div><div class="ends"><span>{low:.0%}</span><span>100%</span></div></div>'
    )


def _dot(share, low, told, is_own):
    place = 100 * (share - low) / max(1.0 - low, 1e-9)
    kind = ' class="own"' if is_own else ""
    return f'<i{kind} style="left: {place:.1f}%" title="{html.escape(told)}"></i>'


def standing_html(group, rows, runs):
    """Race: who leads, at the same place on the axis.

    Parameters
    ----------
    group : Group
    rows : list of dict
        What was measured of each run.
    runs : sequence of Trainer
        As they are shown.
    """
    part = _part(group)
    lanes = list(zip(range(len(rows)), group.runs, rows, runs, strict=True))
    order = sorted(lanes, key=lambda lane: (bool(lane[3].diverged), lane[2][f"{part}_loss"]))
    body = "".join(_lane(group, place, *lane, part) for place, lane in enumerate(order, 1))
    heads = ("", "", "Epoch", "Update", "Samples seen", "Seconds", f"{part.title()} loss", f"{part.title()} accuracy")
    head = "".join(f"<th>{head}</th>" for head in heads)
    start = UNLIKE.get(group.plan.setting, "")
    return (
        f'<div class="standing"><div>Who leads, at the same {LEVEL[group.axis]}. {start}</div>'
        f"<table><tr>{head}</tr>{body}</table></div>"
    )


def _lane(group, place, i, run, row, shown, part):
    sign = f'<b style="color: {RUN_LOOKS[i][0]}">━━</b> {html.escape(group.label(run))}'
    own = " (yours)" if i == 0 else ""
    numbers = [f"{row['epoch']:,.0f}", f"{row['update']:,.0f}", f"{row['samples_seen']:,.0f}", f"{shown.seconds:.3g}"]
    came = [loss(row[f"{part}_loss"]), f"{row[f'{part}_accuracy']:.1%}"]
    if shown.diverged:
        came = ["diverged", ""]
    cells = "".join(f"<td>{cell}</td>" for cell in (*numbers, *came))
    return f"<tr><td>{place}.</td><td>{sign}{own}</td>{cells}</tr>"


def luck_legend(group):
    """What stands around the curves of a run."""
    number = len(group.runs)
    return f'<div class="behind">Thick: your run. Thin, with its band: median and 10 to 90 % of {number} seeds.</div>'


def race_legend(group, view):
    """What the curves of a race are."""
    return f'<div class="behind">{_part(group).title()} {view.shows} of each lane, and the norm of its gradient</div>'


def _part(group):
    """The part of the data that counts: the test part, where there is one."""
    return "test" if group.own.split.y_test.size else "train"
