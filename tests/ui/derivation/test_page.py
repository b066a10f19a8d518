"""The Derivation page through AppTest: every section, and that it leaves the experiment as it is."""

import re

import numpy as np
import pyarrow as pa
import pytest
from streamlit.runtime.scriptrunner import StopException

from tests.pages import choose, derivation, go, numbers, numbers_html, opened, session, show, trainer
from toynet import Trainer
from toynet.charts.boundary import PICK
from toynet.derivation import numerals
from toynet.derivation.exercise import ask
from toynet.derivation.gradient_check import CANNOT_BE_CHECKED, Checked, check, error_by_step, worst
from toynet.derivation.mistakes import MISTAKES
from toynet.derivation.quantities import PHASES
from toynet.many.group import Group
from toynet.ui import keys
from toynet.ui.derivation import break_it, matrices, proof
from toynet.ui.derivation.moment import Moment
from toynet.ui.derivation.page import SECTIONS
from toynet.ui.train import badge


def moment(app):
    return Moment.of(session(app).experiment)


def html(app):
    return " ".join(part.proto.body for part in app.get("html"))


NETWORKS = [
    {"hidden_size": "1", "activation": "sigmoid"},
    {"hidden_size": "4", "activation": "tanh"},
    {"hidden_size": "32", "activation": "relu", "batch_mode": "stochastic"},
    {"hidden_size": "256", "activation": "sigmoid", "batch_mode": "mini"},
]


@pytest.mark.parametrize("query", NETWORKS)
def test_every_section_renders(query):
    app = derivation(**query)
    for section in SECTIONS:
        show(app, section)
        if keys.LOOK_AT in {group.key for group in app.button_group}:
            choose(app, keys.LOOK_AT, "All training samples")
            choose(app, keys.LOOK_AT, "One sample")


@pytest.mark.parametrize("query", NETWORKS)
@pytest.mark.parametrize("look_at", ["One sample", "All training samples"])
def test_steps_lead_through_the_update_and_back(query, look_at):
    app = derivation(**query)
    choose(app, keys.LOOK_AT, look_at)
    seen = []
    for number, phase in enumerate(PHASES):
        title = next(m.value for m in app.markdown if "Step inside one update" in m.value)
        assert f"{number + 1} of {len(PHASES)}" in title and phase.title in title
        seen += [m.value.split("**")[1] for m in app.markdown if m.value.startswith(":blue-badge[new]")]
        assert app.button(key=keys.NEXT).disabled == (number == len(PHASES) - 1)
        if number < len(PHASES) - 1:
            app.button(key=keys.NEXT).click().run()
            assert not app.exception
    assert seen == [symbol for phase in PHASES for symbol in phase.symbols]
    app.button(key=keys.BACK).click().run()
    assert PHASES[-2].title in " ".join(m.value for m in app.markdown)


def test_three_factors_of_one_sample_multiply_to_the_gradient():
    app = derivation(hidden_size="4")
    for _ in range(2):
        app.button(key=keys.NEXT).click().run()
    assert "The three factors, number by number" in [s.value for s in app.subheader]
    assert any("The same, all 4 numbers" in s.value for s in app.success)
    choose(app, keys.LOOK_AT, "All training samples")
    assert not app.subheader


def test_sample_is_chosen_by_number():
    app = derivation()
    app.number_input(key=keys.SAMPLE).set_value(3).run()
    split = trainer(app).split
    x1, x2 = (matrices.text(v) for v in split.own_units(split.X_train[2]))
    wanted = f"x1 = {x1}, x2 = {x2}: class {split.y_train[2]:.0f}. A0 holds the standardised inputs."
    assert wanted in [c.value for c in app.caption]


def test_sample_and_header_of_a_file_are_in_its_own_words():
    app = derivation(dataset="csv", data_file="penguins.csv", target="sex")
    split = trainer(app).split
    (told,) = [c.value for c in app.caption if "standardised" in c.value]
    assert told.startswith(f"{split.feature_names[0]} = ")
    assert f": {split.class_names[int(split.y_train[0])]} (y = {split.y_train[0]:.0f})." in told
    assert app.markdown[0].value.startswith("**penguins.csv** (target sex), h = ")


def test_code_line_of_the_new_parameters_is_said_once_and_of_parts_where_they_stand():
    app = derivation(hidden_size="4")
    for _ in range(3):
        app.button(key=keys.NEXT).click().run()
    (slope,) = [m.value for m in app.markdown if "**g_prime_Z1**" in m.value]
    assert "g_prime(Z1) inside `dC_dZ1 = " in slope
    app.button(key=keys.NEXT).click().run()
    said = [m.value for m in app.markdown if "p - learning_rate * step" in m.value]
    assert len(said) == 1 and said[0].startswith("All of them")
    assert any("if an update saw only this sample" in c.value for c in app.caption)
    choose(app, keys.LOOK_AT, "All training samples")
    assert not any("only this sample" in c.value for c in app.caption)


def test_proof_passes_and_names_every_parameter():
    app = derivation("Proof")
    assert "Gradient check ✓" in app.success[0].value
    assert re.findall(r'<td><span class="right">✓</span> (\w+)</td>', html(app)) == ["W1", "b1", "W2", "b2"]
    assert len(app.get("vega_lite_chart")) == 1
    text = " ".join(m.value for m in app.markdown)
    curve = error_by_step(*moment(app).everything)
    best = int(np.argmin(curve[:, 1]))
    least, used = (numerals.text(curve[k, 1], 2) for k in (best, 5))
    assert f"is least at a step of 1e-{best + 1}, {least}; at 1e-6 it is {used}" in text
    assert "kink" not in text
    assert "kink" in " ".join(m.value for m in derivation("Proof", activation="relu").markdown)


def test_proof_shows_the_true_relative_error_and_both_numbers(monkeypatch):
    shown = []
    monkeypatch.setattr(proof.st, "html", shown.append)
    proof.table({"W1": Checked(2.0, (0, 1), 0.00742, -0.00742, 1.2e-5, 0.01484, 0.00742)})
    assert '<span class="wrong">✗</span> W1' in shown[0]
    assert "<td>2</td><td>1.2e-5</td><td>1, 2</td><td>0.00742<br>−0.00742</td>" in shown[0]


def test_what_is_not_finite_is_neither_right_nor_wrong():
    app = derivation("Proof")
    start = trainer(app).parameters
    own = Trainer(trainer(app).config, parameters=start._replace(W2=np.full_like(start.W2, np.inf)))
    session(app).experiment.group = Group(own)
    assert np.isinf(moment(app).parameters.W2).all()
    for section in SECTIONS:
        show(app, section)
    show(app, "Proof")
    assert not app.success and not app.error and not app.get("vega_lite_chart")
    said = [m.value for m in app.markdown if CANNOT_BE_CHECKED in m.value]
    assert len(said) == 2 and all(":gray-badge" in text for text in said)
    with np.errstate(all="ignore"):
        assert badge.label(checked(app), 300, 300) == ("unknown", f"Gradient {CANNOT_BE_CHECKED}")


def test_only_mistakes_that_apply_are_offered():
    app = derivation("Break it", activation="relu", batch_mode="stochastic")
    offered = app.button_group(key=keys.MISTAKE).options
    assert offered == [MISTAKES[n].title for n in ("extra_sigma_prime", "wrong_sign", "no_g_prime")]


def test_breaking_it_turns_red_and_leaves_the_experiment_alone():
    app = opened(hidden_size="4")
    app.button(key=keys.ONE_EPOCH).click().run()
    show(go(app, "Derivation"), "Break it")
    own, before = trainer(app), [p.copy() for p in trainer(app).parameters]
    choose(app, keys.MISTAKE, "no_g_prime")
    assert "wrong for W1, b1. In " in app.error[0].value and "it should be: derived " in app.error[0].value
    assert re.findall(r'<td><span class="wrong">✗</span> (\w+)</td>', html(app)) == ["W1", "b1"]
    app.number_input(key=keys.COMPARED_EPOCHS).set_value(5).run()
    app.button(key=keys.TRAIN_BOTH).click().run()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    assert any("with the broken one" in m.value for m in app.markdown)
    assert trainer(app) is own and own.epoch == 1 and len(own.recorded) == 2
    assert all(np.array_equal(a, b) for a, b in zip(own.parameters, before, strict=True))


def test_a_comparison_that_another_click_stopped_says_so(monkeypatch):
    app = derivation("Break it")

    def stopped(*args):
        raise StopException

    monkeypatch.setattr(break_it, "_train", stopped)
    app.button(key=keys.TRAIN_BOTH).click().run()
    app.run()
    assert any("stopped by another click" in i.value for i in app.info)
    assert not app.get("vega_lite_chart")


@pytest.mark.parametrize("name", ["wrong_sign", "no_mean"])
def test_a_broken_run_that_diverges_is_explained(name):
    app = derivation("Break it", activation="relu", learning_rate="10000")
    choose(app, keys.MISTAKE, name)
    app.number_input(key=keys.COMPARED_EPOCHS).set_value(300).run()
    app.button(key=keys.TRAIN_BOTH).click().run()
    assert not app.exception
    assert any("Diverged at update" in w.value for w in app.warning)


def answer(app, text):
    app.text_area[0].set_value(text)
    next(b for b in app.button if b.label == "Check").click().run()
    assert not app.exception


def test_exercise_is_marked_and_its_mistake_named():
    app = derivation("Your turn")
    app.selectbox(key=keys.ASKED).set_value("dC_dW2").run()
    value = ask(0, "dC_dW2").hidden.value
    answer(app, " ".join(f"{v:.3g}" for v in value[0]))
    assert [s.value for s in app.success] == ["Right."]
    answer(app, " ".join(f"{-v:.3g}" for v in value[0]))
    assert "The sign is wrong" in app.error[0].value
    answer(app, "1 2 three 4")
    assert "'three' is not a number" in app.warning[0].value
    answer(app, "")
    assert "4 numbers wanted" in app.warning[0].value


def test_exercise_hides_its_answer_and_new_example_is_another():
    app = derivation("Your turn")
    assert '<div class="matrix-asked">?</div>' in html(app)
    assert re.findall(r'"matrix-name">([^<]+)<', html(app)) == ["A₀", "W₁", "b₁", "Z₁"]
    before = html(app)
    app.button(key=keys.NEW_EXAMPLE).click().run()
    assert html(app) != before
    assert session(app).remembered[keys.EXAMPLE] == 1


def test_what_is_taken_away_is_the_experiments():
    app = derivation("Take it away", hidden_size="4")
    text, script = (code.value for code in app.code)
    assert "The derivation, worked" in text
    printed = {}
    exec(script, printed)
    assert np.array_equal(printed["W2"], trainer(app).parameters.W2)
    assert [b.proto.label for b in app.get("download_button")] == ["Download derivation.md", "Download derivation.py"]


def test_too_long_a_text_is_a_download_alone():
    app = derivation("Take it away", hidden_size="256")
    choose(app, keys.LOOK_AT, "All training samples")
    assert "Too long to show" in app.info[0].value and not app.code
    assert len(app.get("download_button")) == 2


# --- navigation ----------------------------------------------------------------------


def test_navigation_keeps_experiment_settings_address_and_choices():
    app = opened(dataset="circles", hidden_size="4")
    app.button(key=keys.ONE_EPOCH).click().run()
    app.select_slider(key=keys.setting("learning_rate")).set_value(1.0).run()
    choose(app, keys.SPEED, "100")
    choose(app, keys.X_AXIS, "update")
    own, present = trainer(app), numbers(app)
    for page in ("Derivation", "Train", "Derivation", "Train"):
        go(app, page)
        assert trainer(app) is own
        assert app.selectbox(key=keys.setting("dataset")).value == "circles"
        assert app.select_slider(key=keys.setting("hidden_size")).value == 4
        assert app.select_slider(key=keys.setting("learning_rate")).value == 1.0
        assert app.query_params["dataset"] == "circles" and app.query_params["learning_rate"] == "1.0"
    assert numbers(app) == present
    assert app.button_group(key=keys.SPEED).value == "100"
    assert app.button_group(key=keys.X_AXIS).value == "update"


def test_derivation_keeps_its_own_choices():
    app = derivation("Proof")
    go(go(app, "Train"), "Derivation")
    assert app.button_group(key=keys.SECTION).value == "Proof"


def test_settings_can_be_changed_beside_the_derivation():
    app = derivation()
    app.select_slider(key=keys.setting("hidden_size")).set_value(3).run()
    assert not app.exception
    assert trainer(app).config.hidden_size == 3
    assert "h = 3" in app.markdown[0].value


def test_a_diverged_run_is_shown_with_its_reason():
    app = opened(activation="relu", learning_rate="1000000", noise="0.5")
    trainer(app).run(epochs=50)
    assert trainer(app).diverged
    go(app, "Derivation")
    assert any(trainer(app).diverged in e.value for e in app.error)
    for section in SECTIONS:
        show(app, section)


def test_a_running_experiment_is_read_and_not_trained():
    app = opened()
    session(app).experiment.train()
    go(app, "Derivation")
    assert "training stands still while you are here" in app.markdown[0].value
    assert trainer(app).epoch == 0


# --- the badge -----------------------------------------------------------------------


def checked(app, rule=None):
    own = trainer(app)
    more = [rule] if rule else []
    return check(own.parameters, own.split.X_train, own.split.y_train, own.config.activation, *more)


def test_badge_is_on_the_train_page():
    app = opened()
    assert "Gradient check ✓" in numbers_html(app)


def test_badge_names_the_parameter_that_is_wrong():
    app = opened()
    assert badge.label(checked(app), 300, 300)[0] == "right"
    broken = checked(app, MISTAKES["no_g_prime"].backward)
    assert badge.label(broken, 300, 300)[0] == "wrong"
    name, _ = worst(broken)
    assert name in ("W1", "b1") and badge.label(broken, 300, 300)[1].endswith(f" in {name}")


@pytest.mark.parametrize("query", [{}, {"hidden_size": "256"}, {"samples": "2000", "hidden_size": "32"}])
def test_badge_verdict_and_table_name_the_same_error_of_the_same_moment(query):
    """Once training stands still; while it runs, the badge may have looked at fewer samples."""
    app = opened(**query)
    app.button(key=keys.ONE_EPOCH).click().run()
    (told,) = re.findall(r"relative error \S+ in \w+", numbers_html(app))
    show(go(app, "Derivation"), "Proof")
    assert told in app.success[0].value
    _, _, error, _, name = told.split()
    assert f"{name}</td><td>{error}</td>" in html(app)


def test_badge_of_a_part_of_the_samples_says_so():
    app = opened(samples="10000", hidden_size="32")
    assert ", over 2,500 of 7,500 samples" in numbers_html(app)


def test_badge_names_what_fails_then_what_is_unknown_then_the_largest_part_of_what_is_allowed():
    def entry(error, allowed=1e-5):
        return Checked(error, (0, 0), 1.0, 1.0, allowed, 0.0, 1.0)

    # 5e-6 of 1e-5 is a larger part than 1e-4 of 1e-3.
    found = {"W1": entry(1e-4, 1e-3), "b1": entry(5e-6)}
    assert worst(found)[0] == "b1"
    found["W2"] = entry(np.nan)
    assert worst(found)[0] == "W2"
    found["b2"] = entry(2.0)
    assert worst(found)[0] == "b2"


def test_badge_checks_at_most_once_a_second_while_training(monkeypatch):
    own, calls = trainer(opened()), []
    right = badge.check
    monkeypatch.setattr(badge, "check", lambda *args: calls.append(1) or right(*args))
    mine = badge.Badge()
    for _ in range(20):
        own.step()
        mine.refresh(own, is_running=True)
    assert len(calls) == 1
    own.step()
    mine.refresh(own, is_running=False)
    assert len(calls) == 2
    mine.refresh(own, is_running=False)
    assert len(calls) == 2


def test_badge_looks_at_more_samples_once_training_stands_still():
    own, mine = trainer(opened(hidden_size="256")), badge.Badge()
    assert mine.refresh(own, is_running=True)[1].endswith(", over 50 of 300 samples")
    assert "samples" not in mine.refresh(own, is_running=False)[1]


# --- matrices ------------------------------------------------------------------------


def test_matrix_is_coloured_by_sign_and_size():
    drawn = matrices.html(np.array([[2.0, -1.0, 0.0]]), "W2")
    assert 'rgba(8,119,189,0.55)">2<' in drawn
    assert 'rgba(245,147,34,0.28)">−1<' in drawn
    assert ',0.00)">0<' in drawn


@pytest.mark.parametrize(
    ("symbol", "value", "share"),
    [
        ("y_hat", 0.5, 0.28),
        ("y_hat", 0.005, 0.0),
        ("y", 1.0, 0.55),
        ("dC_dZ2", -0.5, 0.28),
        ("dC_dZ2", -0.005, 0.0),
        ("dy_hat_dZ2", 0.25, 0.55),
        ("Z2", -2.0, 0.28),
        ("b2", 0.1, 0.06),
        ("b2", 30.0, 0.55),
    ],
)
def test_one_number_alone_is_coloured_by_the_scale_of_its_quantity(symbol, value, share):
    assert f",{share:.2f})" in matrices.html(np.array([[value]]), symbol)


def rows(drawn):
    """Each line of a drawn matrix as the text of its cells, the brackets among them empty."""
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in drawn.split("<tr>")[1:]]


def test_small_matrix_is_bare_between_its_brackets():
    assert rows(matrices.html(np.arange(8.0).reshape(4, 2), "W1")) == [
        ["", "0", "1", ""], ["2", "3"], ["4", "5"], ["6", "7"],
    ]  # fmt: skip
    assert 'rowspan="4"' in matrices.html(np.ones((4, 2)), "W1")
    assert rows(matrices.html(0.25, "C")) == [["", "0.25", ""]]


def test_wide_matrix_is_one_bracket_with_the_samples_numbers_over_its_columns():
    drawn = matrices.html(np.arange(600.0).reshape(2, 300), "A0")
    head, first, second = rows(drawn)
    assert head == ["sample →", "", *map(str, range(1, 301)), ""]
    assert first == ["", "", *(matrices.text(v) for v in range(300)), ""] and len(second) == 301
    assert drawn.count('class="open"') == drawn.count('class="close"') == 1
    assert "The first" not in drawn


def test_rows_of_many_units_are_numbered_and_few_samples_too():
    head, *lines = rows(matrices.html(np.ones((32, 2)), "A1"))
    assert head[0] == "sample →<br>unit ↓" and [line[0] for line in lines] == [str(i) for i in range(1, 33)]
    assert rows(matrices.html(np.ones((1, 2)), "y"))[0] == ["sample →", "", "1", "2", ""]
    assert rows(matrices.html(np.ones((5, 1)), "A1"))[0][0] == "unit ↓"


@pytest.mark.parametrize(
    ("shape", "symbol", "note"),
    [
        ((8, 300), "A1", ""),
        ((32, 300), "A1", "The first 75 of 300 columns."),
        ((300, 32), "dZ2_dW2", "The first 75 of 300 rows."),
        ((7500, 4), "dZ2_dW2", "The first 600 of 7,500 rows."),
        ((256, 7500), "A1", "The first 64 of 256 rows and 37 of 7,500 columns."),
        ((1, 7500), "y", "The first 2,400 of 7,500 columns."),
    ],
)
def test_of_a_very_large_matrix_the_first_numbers_are_shown_and_that_is_said(shape, symbol, note):
    drawn = matrices.html(np.ones(shape), symbol)
    assert drawn.count(">1</td>") <= matrices.MOST_NUMBERS
    assert drawn.endswith(f'<div class="matrix-note">{note}</div>' if note else "</table></div>")


@pytest.mark.parametrize("h", ["1", "32", "256"])
@pytest.mark.parametrize("look_at", ["One sample", "All training samples"])
def test_no_new_quantity_is_folded_away_in_its_step(h, look_at):
    app = derivation(hidden_size=h)
    choose(app, keys.LOOK_AT, look_at)
    for number, phase in enumerate(PHASES):
        folded = [e for e in app.main.expander if e.label != "Known from the steps before"]
        assert not folded
        inside = [part.proto.body for e in app.main.expander for part in e.get("html")]
        shown = [part.proto.body for part in app.main.get("html") if 'class="matrix"' in part.proto.body]
        assert len([body for body in shown if body not in inside]) >= len(phase.symbols)
        if number < len(PHASES) - 1:
            app.button(key=keys.NEXT).click().run()


def test_strip_of_names_is_set_in_mathematics():
    app = derivation()
    (strip,) = [m.value for m in app.markdown if r":blue-badge[$A_0$]" in m.value]
    assert r":gray[$\partial C/\partial \hat{y}$]" in strip and r"$W_1^{\text{new}}$" in strip
    assert not re.search(r"dC_d|y_hat", strip)


def test_both_costs_say_what_they_are_the_half_included():
    app = derivation("Why σ' cancels")
    (squared,) = [m.value for m in app.markdown if m.value.startswith("**Squared error**")]
    assert r"\frac{1}{m} \sum_{i=1}^{m} \frac{1}{2} (\hat{y}_i - y_i)^2" in squared
    assert any("the squared error has a ½" in m.value for m in app.markdown)


def test_a_click_in_the_boundary_picture_picks_that_sample():
    """What the browser sends for a click, then what the page shows; the browser test does the click itself."""
    app = derivation(hidden_size="4")
    (chart,) = app.get("vega_lite_chart")
    assert '"number"' in chart.proto.spec and PICK in chart.proto.spec
    points = next(d for d in chart.proto.datasets if d.name == "points")
    table = pa.ipc.open_stream(points.data.data).read_all().to_pydict()
    split = trainer(app).split
    assert sorted(table["number"]) == list(range(1, split.y_train.size + 1))
    for x, y, number in zip(*(table[c] for c in ("x", "y", "number")), strict=True):
        own = split.own_units(split.X_train[number - 1 : number])[0]
        np.testing.assert_allclose((x, y), own, rtol=1e-5)
