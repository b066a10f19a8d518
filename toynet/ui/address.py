"""Settings and run in the page's address: a link reopens the same experiment.

A change of settings makes no entry in the browser's history: Back leaves the page that is shown.
"""

import dataclasses

import streamlit as st

from toynet.config import Config, parse
from toynet.many.plan import PARAMETERS, Plan, from_texts, texts
from toynet.ui import session

ONE_ENTRY_A_PAGE = """
<script>
if (!window.toynet) {
  // Streamlit pushes an entry for each address it is told, but at Back the controls would keep their settings.
  const push = window.toynet = history.pushState.bind(history);
  history.pushState = (state, title, url) =>
    new URL(url, location).pathname === location.pathname
      ? history.replaceState(state, title, url) : push(state, title, url);
}
</script>
"""
"""Changes of the address alone replace the browser's entry; another page is another entry."""


RUN = "run"
"""The parameter that names the run, where it is kept: a page that is loaded anew finds it again."""


def keep_one_entry():
    """Before anything else of a page is drawn: settings make no entries in the browser's history."""
    with st.container(key="script"):  # takes no room: style.py
        st.html(ONE_ENTRY_A_PAGE, unsafe_allow_javascript=True)


def read():
    """The Config of the present address, and what was wrong with it.

    Returns
    -------
    config : Config
        Defaults where the address says nothing or nonsense.
    complaints : list of str
    """
    values, complaints = {}, []
    for name, text in st.query_params.items():
        if name == RUN or name in PARAMETERS:
            continue
        try:
            values[name] = parse(name, text)
        except ValueError as error:
            complaints.append(f"{error}")
    try:
        return Config(**values), complaints
    except ValueError as error:
        return Config(), [*complaints, f"{error}"]


def plan():
    """The runs beside it that the address asks for. Raises ValueError where they make no sense."""
    return from_texts({name: text for name, text in st.query_params.items() if name in PARAMETERS})


def run():
    """The run that the address names, or ""."""
    return st.query_params.get(RUN, "")


def stands_for(experiment):
    """The present address is another way of saying this: `write` leaves it alone while settings and plan stay."""
    session.current().addressed = *_said(experiment), st.query_params.to_dict()


def write(experiment):
    """Put the settings that differ from the defaults, the runs beside, and a run that is kept, into the address.

    It is left alone where it stands for them already.
    """
    config, plan, name = _said(experiment)
    if session.current().addressed == (config, plan, name, st.query_params.to_dict()):
        return
    default = Config()
    wanted = {
        f.name: f"{getattr(config, f.name)}"
        for f in dataclasses.fields(config)
        if getattr(config, f.name) != getattr(default, f.name)
    }
    wanted |= texts(plan)
    if name:
        wanted[RUN] = name
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)
    stands_for(experiment)


def name(experiment):
    """Put the name of a run that has begun to train into the address, where the rest of it is right."""
    stands, now = session.current().addressed, _said(experiment)
    if stands and stands[:2] == now[:2] and stands[2] != now[2]:
        write(experiment)


def _said(experiment) -> tuple[Config, Plan, str]:
    """What an address tells: the settings, the runs beside, and the run's name, once there is something to keep."""
    trainer = experiment.trainer
    return trainer.config, experiment.plan, trainer.run_name if trainer.update else ""
