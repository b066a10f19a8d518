"""The page Sweep: a grid of settings trained at once, watched as it fills, its cells compared."""

import html

import streamlit as st

from toynet import metrics_csv
from toynet.many.results import Results
from toynet.many.summary import row
from toynet.ui import keeping, keys, messages, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import download
from toynet.ui.sweep import cells, chosen, kept, panel, verdicts
from toynet.ui.sweep.job import Job

WELCOME = (
    "Every combination of some settings' values, each with several seeds. What does not vary is as in the sidebar. "
    "Click a cell, then another, to look closer and to compare them."
)

EVERY, LATER, LONG = 0.4, 1.2, 6.0
"""Seconds from one picture of a sweep that runs to the next; and of one that has run for so long: other tabs are drawn
beside it."""


def page():
    """Draw the page."""
    tab = session.current()
    swept = tab.swept
    st.caption(WELCOME)
    if tab.problem:
        messages.show()
    grid = chosen.choose(tab.experiment.trainer)
    _transport(swept, grid)
    if tab.trouble:
        st.error(as_text(tab.trouble))
    kept.compared()
    if swept.job is None:
        st.info("Press Sweep: the map fills as the runs come to their end.")
        kept.unfinished()
        return
    look = cells.look(swept.job.grid) if swept.job.grid.cells > 1 else ()
    every = _every(swept.job)
    st.fragment(_live, run_every=every)(swept.job, every, look)


def _every(job):
    """Seconds from one picture to the next; None where nothing changes."""
    if not job.running:
        return None
    return EVERY if job.seconds < LONG else LATER


# --- the transport -------------------------------------------------------------------


def _transport(swept, grid):
    job = swept.job
    with st.container(horizontal=True, vertical_alignment="center", key="sweep_transport"):
        if job and job.running:
            st.button("Stop", on_click=job.stop, key=keys.SWEEP_START, type="primary", width=110,
                      help="What is done stays; Go on trains the rest.")  # fmt: skip
        else:
            st.button("Sweep", on_click=_sweep, args=(grid,), key=keys.SWEEP_START, type="primary", width=110,
                      disabled=grid is None, help="Train all these runs.")  # fmt: skip
        is_left = bool(job and not job.running and job.done < job.grid.runs)
        st.button("Go on", on_click=_go_on, key=keys.SWEEP_GO_ON, disabled=not is_left,
                  help="Train what is left of the sweep that is shown.")  # fmt: skip
        name = f"toynet-sweep-{job.key or 'runs'}.csv" if job else "toynet-sweep.csv"
        download.button("Download CSV", lambda: csv(job.results), name, "text/csv", key=keys.SWEEP_DOWNLOAD,
                        disabled=not (job and job.done), help="A row a run, with all its settings.")  # fmt: skip
        kept.choose()
        if grid:
            st.caption(f"{chosen.described(grid)}")


def _sweep(grid):
    swept = session.current().swept
    swept.show(Job(Results(grid)))
    _go_on()


def _go_on():
    tab = session.current()
    tab.trouble = ""
    tab.swept.job.start(keeping.sweeps, keeping.owner(), keeping.presence())


def csv(results):
    """All runs that are done, a row a run, as CSV bytes."""
    import pandas as pd  # loaded by who downloads

    done = results.done.nonzero()[0]
    table = pd.DataFrame([row(results.grid, results.summary(number)) for number in done.tolist()])
    return metrics_csv.text(table).encode()


# --- the live part -----------------------------------------------------------------------


def _live(job, every, look):
    """How far it is, the cells, and what is chosen of them."""
    swept, running = session.current().swept, every is not None
    if swept.job is not job or _every(job) != every:
        st.rerun()
    st.html(_progress(job, running))
    if job.error:
        st.error(f"{as_text(job.error)}.")
    if job.problem:
        st.warning(f"The sweep is not kept: {as_text(job.problem)}. It goes on.")
    if job.grid.cells > 1:
        cells.draw(job.results, *look, swept.cells, running)
    else:
        swept.cells = [0]  # a kept luck has no map
    if not swept.cells:
        return
    panel.draw(swept)
    if len(swept.cells) == 2:
        if running:
            st.caption("Whether their difference is larger than luck is said once the sweep has ended, or is stopped.")
        else:
            verdicts.of_cells(swept)


def _progress(job, running):
    """The numbers of a sweep and its bar, as HTML."""
    done, runs = job.done, job.grid.runs
    pace = job.trained / job.seconds if job.seconds > 0 and job.trained else 0.0
    told = f"{done:,} of {runs:,} runs"
    if running and pace:
        told += f" · {pace:,.0f} a second · {_duration((runs - done) / pace)} left"
    elif pace:
        told += f" · {job.trained:,} trained in {_duration(job.seconds)}, {pace:,.0f} a second"
    if job.found:
        told += f" · {job.found:,} were kept already"
    more = html.escape(f"{chosen.described(job.grid)}; {chosen.others(job.grid)}")
    share = 100 * done / runs
    return (
        f'<div class="numbers"><div class="progress"><div>{told}</div><div class="unknown">{more}</div>'
        f'<div class="bar" role="progressbar" aria-label="Runs" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{share:.0f}"><div style="width: {share:.2f}%"></div></div></div></div>'
    )


def _duration(seconds):
    """A time as people say it."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
