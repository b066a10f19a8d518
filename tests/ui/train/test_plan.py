"""One run, its luck or a race, on the Train page."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from tests.pages import choose, go, numbers, opened, press, session, trainer
from toynet import Config, Trainer
from toynet.charts.curves import View
from toynet.many.plan import Plan, texts
from toynet.ui import keeping, keys
from toynet.ui.picture import Look
from toynet.ui.train.beside import NO_BATCHES

WILD = {"samples": "60", "hidden_size": "8", "activation": "relu", "batch_mode": "mini", "batch_size": "2"}
"""With a high rate it diverges in its first epochs."""


pytestmark = pytest.mark.usefixtures("store")


def group(app):
    return session(app).experiment.group


def html(app, sign):
    return next((part.proto.body for part in app.get("html") if f'class="{sign}' in part.proto.body), "")


def chart(app, place):
    return app.get("vega_lite_chart")[place].proto


def datasets_of(app, place):
    return {data.name for data in chart(app, place).datasets}


def said(app, name):
    """A parameter of the address."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def table(app):
    return pd.read_csv(io.BytesIO(session(app).experiment.csv()))


def test_luck_is_one_click():
    app = opened(samples="60", hidden_size="4")
    choose(app, keys.PLAN, "luck")
    assert len(group(app).runs) == 10 and said(app, "luck") == "10"
    press(app, keys.ONE_EPOCH)
    assert {run.update for run in group(app).runs} == {1}
    assert html(app, "numbers").count("<i") == 10 and "10 seeds: median" in html(app, "numbers")
    assert {"others", "field"} <= datasets_of(app, 0) and {"spread0", "spread1"} <= datasets_of(app, 1)
    assert "spread0" in datasets_of(app, 2) and "spread1" not in datasets_of(app, 2)


def test_a_race_of_the_batch_modes_is_one_click():
    app = opened(samples="60", hidden_size="4")
    choose(app, keys.PLAN, "race")
    assert [run.config.batch_mode for run in group(app).runs] == ["full", "mini", "stochastic"]
    press(app, keys.ONE_EPOCH)
    assert [run.epoch for run in group(app).runs] == [1, 1, 1]
    leaders = html(app, "standing")
    assert leaders.count("<tr>") == 4 and "full (yours)" in leaders and "at the same epoch" in leaders
    assert datasets_of(app, 0) == {"fields", "halves", "heads", "points"}
    assert {"curve0", "curve1", "curve2"} <= datasets_of(app, 1)


def test_the_leader_is_who_has_the_lowest_test_loss_and_a_diverged_lane_comes_last():
    app = opened(**WILD, race="learning_rate", lanes="0.1,0.3,1000000")
    for _ in range(6):
        press(app, keys.ONE_EPOCH)
    rows = html(app, "standing").split("<tr>")[2:]
    assert "1e+06" in rows[-1] and "diverged" in rows[-1]
    losses = {run.config.learning_rate: run.present()["test_loss"] for run in group(app).runs[:2]}
    assert f"{min(losses, key=losses.get):g}" in rows[0].split("</td>")[1]


@pytest.mark.parametrize("plan", [Plan(), Plan(seeds=4), Plan(setting="hidden_size", values=(2, 4), axis="seconds")])
def test_an_address_brings_the_plan_back(plan):
    app = opened(samples="60", hidden_size="4", **texts(plan))
    assert session(app).experiment.plan == plan and not app.warning
    app.run()
    assert session(app).experiment.plan == plan
    assert {name: said(app, name) for name in texts(plan)} == texts(plan)


def test_nonsense_in_the_address_is_told_and_one_run_is_trained():
    app = opened(luck="1000")
    assert "luck must be a whole number of seeds" in app.warning[0].value and session(app).experiment.plan == Plan()


def test_a_run_that_has_trained_stays_and_the_others_come_to_where_it_is():
    app = opened(samples="60", hidden_size="4")
    for _ in range(3):
        press(app, keys.ONE_EPOCH)
    before = trainer(app)
    choose(app, keys.PLAN, "luck")
    assert trainer(app) is before and before.epoch == 3
    for _ in range(5):
        if group(app).is_level:
            break
        app.run()
    assert {run.update for run in group(app).runs} == {3}


def test_the_csv_has_a_row_an_epoch_and_a_seed():
    app = opened(samples="60", hidden_size="4", luck="3")
    for _ in range(4):
        press(app, keys.ONE_EPOCH)
    rows = table(app)
    assert list(rows.columns[:3]) == ["run", "seed", "epoch"] and rows.groupby("seed").epoch.max().tolist() == [4, 4, 4]
    alone = Trainer(Config(samples=60, hidden_size=4, data_seed=2, init_seed=2))
    alone.run(epochs=4)
    np.testing.assert_allclose(rows[rows.seed == 2].test_loss, alone.recorded["test_loss"])
    assert rows.run.nunique() == 3 and rows.data_seed.tolist() == rows.seed.tolist()


def test_the_csv_of_a_race_tells_its_lanes_apart_and_that_of_one_run_is_as_ever():
    app = opened(samples="60", hidden_size="4", race="learning_rate", lanes="0.3,1.0")
    press(app, keys.ONE_EPOCH)
    assert table(app).groupby("learning_rate").epoch.max().to_dict() == {0.3: 1, 1.0: 1}
    choose(app, keys.PLAN, "one")
    assert "seed" not in table(app).columns and table(app).run.nunique() == 1


def test_step_and_the_rate_in_mid_run_are_everybodys():
    app = opened(samples="60", hidden_size="4", luck="3")
    press(app, keys.STEP)
    app.select_slider(key=keys.setting("learning_rate")).set_value(1.0).run()
    press(app, keys.STEP)
    assert [run.changes for run in group(app).runs] == [((1, "learning_rate", 1.0),)] * 3


def test_looking_back_shows_all_of_them_as_they_were():
    app = opened(samples="60", hidden_size="4", luck="3")
    for _ in range(6):
        press(app, keys.ONE_EPOCH)
    next(s for s in app.slider if s.label == "Look back at epoch").set_value(2).run()
    back = session(app).experiment.back
    assert [run.epoch for run in back.runs] == [2, 2, 2] and numbers(app)["Epoch"] == "2"
    shares = [f"{run.present()['test_accuracy']:.1%}" for run in back.runs]
    assert re.findall(r"seed \d: (.*?)\"", html(app, "numbers")) == shares[::-1]
    press(app, keys.BRANCH)
    assert session(app).experiment.plan == Plan(seeds=3) and trainer(app).epoch == 2


def test_what_is_played_again_is_measured_as_it_was():
    app = opened(samples="60", hidden_size="4", luck="3")
    for _ in range(4):
        press(app, keys.ONE_EPOCH)
    experiment = session(app).experiment
    experiment.play(1.0)
    experiment.look_at(1)
    rows = experiment.frame(Look(View(), None)).rows
    assert [row["epoch"] for row in rows] == [1, 1, 1]
    assert [row["test_loss"] for row in rows] == [run.present()["test_loss"] for run in experiment.back.runs]


def test_another_network_keeps_the_plan_and_undo_brings_back_run_and_plan():
    app = opened(samples="60", hidden_size="4", luck="3")
    press(app, keys.ONE_EPOCH)
    first = session(app).experiment
    app.select_slider(key=keys.setting("hidden_size")).set_value(8).run()
    assert session(app).experiment is not first and len(group(app).runs) == 3
    choose(app, keys.PLAN, "one")
    press(app, keys.UNDO)
    assert session(app).experiment is first and session(app).experiment.plan == Plan(seeds=3)
    assert app.button_group(key=keys.PLAN).value == "luck"


def test_reset_starts_all_of_them_again():
    app = opened(samples="60", hidden_size="4", luck="3")
    press(app, keys.ONE_EPOCH)
    press(app, keys.RESET)
    assert [run.update for run in group(app).runs] == [0, 0, 0]


def test_the_derivation_is_that_of_ones_own_run():
    app = opened(samples="60", hidden_size="4", luck="3")
    press(app, keys.ONE_EPOCH)
    go(app, "Derivation")
    assert any("after epoch **1**" in m.value for m in app.markdown)


def test_networks_of_other_sizes_are_said_to_start_at_their_own_weights():
    app = opened(race="hidden_size", lanes="2,8", samples="60")
    assert any("cannot start at the same weights" in caption.value for caption in app.caption)


def test_lanes_of_batch_sizes_that_no_run_uses_are_said_to_be_the_same():
    app = opened(race="batch_size", lanes="8,32", samples="60")
    assert any(NO_BATCHES in html.proto.body for html in app.get("html"))
    app = opened(race="batch_size", lanes="8,32", samples="60", batch_mode="mini")
    assert not any(NO_BATCHES in html.proto.body for html in app.get("html"))
    app = opened(race="learning_rate", lanes="0.3,1.0", samples="60")
    assert "Batch size" not in app.selectbox(key=keys.RACE).options


def test_too_few_lanes_are_told_and_the_race_stays(capsys):
    app = opened(race="batch_mode", lanes="full,mini", samples="60")
    app.multiselect(key=keys.lanes("batch_mode")).set_value(["full"]).run()
    assert [e.value for e in app.error] == ["Choose two values or more."]
    assert len(group(app).runs) == 2


def test_when_ones_own_run_diverges_the_others_go_on():
    app = opened(**WILD, learning_rate="1000000", race="learning_rate", lanes="1000000,0.1")
    for _ in range(4):
        press(app, keys.ONE_EPOCH)
    assert trainer(app).diverged and "The others go on" in app.warning[0].value
    assert not app.button(key=keys.ONE_EPOCH).disabled and group(app).runs[1].epoch >= 2


def test_a_run_loaded_anew_comes_back_with_its_luck(store):
    app = opened(samples="60", hidden_size="4", luck="3")
    for _ in range(3):
        press(app, keys.ONE_EPOCH)
    keeping.keeper().flush()
    again = opened(run=trainer(app).run_name, luck="3")
    assert trainer(again).epoch == 3 and session(again).experiment.plan == Plan(seeds=3)
    for _ in range(5):
        again.run()
    assert [run.update for run in group(again).runs] == [3, 3, 3]
