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
from toynet.derivation.batch_gradients import compare
from toynet.derivation.exercise import ask
from toynet.derivation.form import PHASES, Form, order, phases
from toynet.derivation.gradient_check import CANNOT_BE_CHECKED, Checked, check, error_by_step, worst
from toynet.derivation.mistakes import MISTAKES
from toynet.derivation.outputs import FORMULAS, lines, side_by_side
from toynet.derivation.squared_error import both
from toynet.many.group import Group
from toynet.network import forward, one_hot
from toynet.ui import keys
from toynet.ui.derivation import break_it, matrices, proof
from toynet.ui.derivation.moment import Moment
from toynet.ui.derivation.page import OF_SEVERAL, SECTIONS, sections
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


def test_a_term_is_said_to_be_of_the_standardised_input():
    told = next(c.value for c in derivation(features="x1;x2;x2^2").caption if "A0 holds" in c.value)
    assert told.endswith("A0 holds the standardised inputs. x2^2 is of the standardised x2.")


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
    monkeypatch.setattr(badge, "check", lambda *args, **more: calls.append(1) or right(*args, **more))
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


# --- several outputs, and the update's terms -------------------------------------------

SOFTMAX = {"dataset": "blobs", "classes": "3", "output": "softmax", "l2": "0.01", "momentum": "0.9", "hidden_size": "4"}
SIGMOIDS = {"dataset": "blobs", "classes": "3", "hidden_size": "4"}
KINDS = [
    (SOFTMAX, Form(3, "softmax", True, True)),
    (SIGMOIDS, Form(3)),
    ({"dataset": "spirals", "classes": "6", "hidden_size": "32", "features": "x1;x2;x1^2;x2^2;sin x1"}, Form(6)),
    ({"l2": "0.1", "momentum": "0.5", "activation": "relu"}, Form(1, "sigmoid", True, True)),
    ({"output": "softmax"}, Form()),
]


@pytest.mark.parametrize(("query", "kind"), KINDS[::2])
def test_every_section_renders_whatever_the_outputs_and_terms(query, kind):
    app = opened(**query)
    app.button(key=keys.STEP).click().run()
    go(app, "Derivation")
    assert moment(app).form == kind
    offered = app.button_group(key=keys.SECTION).options
    assert offered == list(sections(kind.k)) and (OF_SEVERAL in offered) == (kind.k > 1)
    for section in offered[1:]:
        show(app, section)
        if section == "Why σ' cancels":
            choose(app, keys.LOOK_AT, "All training samples")


@pytest.mark.parametrize(("query", "kind", "look_at"), [
    (*KINDS[0], "All training samples"), (*KINDS[0], "One sample"), (*KINDS[2], "All training samples"),
    (*KINDS[3], "One sample"), (*KINDS[4], "One sample"),
])  # fmt: skip
def test_steps_show_every_quantity_of_the_form_once_and_nothing_that_is_off(query, kind, look_at):
    app = derivation(**query)
    choose(app, keys.LOOK_AT, look_at)
    seen = []
    for number in range(len(PHASES)):
        assert not number or not app.button(key=keys.NEXT).click().run().exception
        seen += [m.value.split("**")[1] for m in app.markdown if m.value.startswith(":blue-badge[new]")]
    assert seen == [symbol for phase in phases(kind) for symbol in phase.symbols]
    assert sorted(seen) == sorted(order(kind))


def test_update_shows_the_velocity_of_the_run_and_each_line_once():
    app = opened(**SOFTMAX)
    for _ in range(3):
        app.button(key=keys.STEP).click().run()
    go(app, "Derivation")
    v = trainer(app).state().progress.velocity
    assert all(np.array_equal(a, b) for a, b in zip(moment(app).v, v, strict=True)) and v.W2.any()
    choose(app, keys.LOOK_AT, "All training samples")
    for _ in range(4):
        app.button(key=keys.NEXT).click().run()
    assert matrices.html(v.W2, "v_W2") in [part.proto.body for part in app.get("html")]
    lines = [m.value for m in app.markdown if "network.py, line" in m.value]
    wanted = ("l2 * parameters.W1", "momentum * v_p + g_p", "p - learning_rate * step")
    assert len(lines) == 3 and all(part in line for part, line in zip(wanted, lines, strict=True))
    assert lines[0].startswith("$g_{W_1}$, $g_{W_2}$: ")


def test_what_is_not_finite_of_several_outputs_is_said_and_breaks_nothing():
    app = derivation("Proof", **SOFTMAX)
    start = trainer(app).parameters
    own = Trainer(trainer(app).config, parameters=start._replace(W2=np.full_like(start.W2, np.inf)))
    session(app).experiment.group = Group(own)
    for section in sections(3):
        show(app, section)
    show(app, "Both outputs")
    assert not app.success and len(app.warning) == 2
    show(app, "Proof")
    assert not app.success and not app.error


def test_header_names_the_outputs_and_the_terms_that_are_on():
    assert "h = 4, g = tanh, k = 3 (softmax), η = 0.3, λ = 0.01, μ = 0.9, " in derivation(**SOFTMAX).markdown[0].value
    assert "h = 8, g = tanh, η = 0.3, after" in derivation(output="softmax").markdown[0].value
    assert ", d = 3, h = 8" in derivation(features="x1;x2;x1 x2").markdown[0].value


def test_both_outputs_are_multiplied_out_for_the_chosen_sample():
    app = derivation("Both outputs", **SOFTMAX)
    app.number_input(key=keys.SAMPLE).set_value(5).run()
    now = moment(app)
    Z2 = forward(*now.chosen(4)[:2], "tanh").Z2
    found = side_by_side(Z2, one_hot(now.split.y_train[4:5], 3))
    assert [m.value.partition("**:")[0] for m in app.markdown if m.value.startswith("**S")] == [
        "**Sigmoid",
        "**Softmax",
    ]
    assert ["this network's" in m.value for m in app.markdown if m.value.startswith("**S")] == [False, True]
    for output in found.values():
        for symbol, axes in (("y_hat", None), ("dy_hat_dZ2", "k k"), ("dC_dZ2", None)):
            assert matrices.html(getattr(output, symbol), symbol, most=matrices.MOST_IN_CARD, axes=axes) in html(app)
    assert len(app.success) == 2 and all(s.value.startswith("The same, all 3 numbers") for s in app.success)
    shown = " ".join(m.value for m in app.markdown)
    for output in found:
        for symbol, line in lines(output).items():
            assert f"${FORMULAS[output][symbol]}$  \n`{line.text}`" in shown


def test_a_section_of_several_outputs_is_left_where_there_is_one_again():
    app = derivation("Both outputs", **SIGMOIDS)
    app.button_group(key=keys.setting("classes")).set_value(2).run()
    assert not app.exception
    assert app.button_group(key=keys.SECTION).options == list(SECTIONS)
    assert app.button_group(key=keys.SECTION).value == "Walk through"


def test_three_factors_of_several_outputs_multiply_to_the_gradient():
    app = derivation(**SOFTMAX)
    for _ in range(2):
        app.button(key=keys.NEXT).click().run()
    assert any("The same, all 12 numbers" in s.value for s in app.success)
    assert any(r"\text{diag}(\hat{y}) - \hat{y} \hat{y}^\top" in m.value for m in app.markdown)


@pytest.mark.parametrize("query", [SOFTMAX, SIGMOIDS])
def test_proof_of_several_outputs_passes_and_says_what_is_differentiated(query):
    app = derivation("Proof", **query)
    assert "Gradient check ✓" in app.success[0].value
    now = moment(app)
    text = " ".join(m.value for m in app.markdown)
    given = {"output": now.config.output, "l2": now.config.l2}
    for entry in check(*now.everything, **given).values():
        assert f"{numerals.text(entry.derived, 9)}<br>" in html(app)
    curve = error_by_step(*now.everything, **given)
    best = int(np.argmin(curve[:, 1]))
    assert f"is least at a step of 1e-{best + 1}, {numerals.text(curve[best, 1], 2)}" in text
    assert ("the cost with its penalty" in text) == ("l2" in query)


def test_batches_and_both_costs_of_several_outputs_are_those_of_the_experiment():
    app = derivation("Batches", **SOFTMAX | {"l2": "1"})
    given = moment(app).everything
    spread = compare(*given, 32, output="softmax", l2=1.0)["stochastic"]
    assert any(f"median cosine **{np.nanmedian(spread.cosine):.2f}**" in m.value for m in app.markdown)
    assert any("penalty" in m.value for m in app.markdown)
    show(app, "Why σ' cancels")
    choose(app, keys.LOOK_AT, "All training samples")
    for gradients in both(*given, "softmax").values():
        assert matrices.html(gradients.dC_dW2, "dC_dW2", most=matrices.MOST_IN_CARD) in html(app)
    (chart,) = app.get("vega_lite_chart")[-1:]
    assert "Z2 ahead of the others" in chart.proto.spec


def test_the_missing_transpose_is_offered_where_W2_is_a_matrix_and_turns_red():
    app = derivation("Break it", **SOFTMAX)
    offered = app.button_group(key=keys.MISTAKE).options
    assert "W2 for W2ᵀ" in offered and "An extra Jacobian" in offered
    choose(app, keys.MISTAKE, "reshaped_W2")
    assert "wrong for W1, b1. In " in app.error[0].value
    wrong = check(*moment(app).everything, MISTAKES["reshaped_W2"].backward, output="softmax", l2=0.01)["W1"]
    assert f"{numerals.text(wrong.derived, 9)}<br>{numerals.text(wrong.numerical, 9)}" in html(app)
    app.number_input(key=keys.COMPARED_EPOCHS).set_value(5).run()
    app.button(key=keys.TRAIN_BOTH).click().run()
    assert not app.exception and any("with the broken one" in m.value for m in app.markdown)
    assert "W2 for W2ᵀ" not in derivation("Break it").button_group(key=keys.MISTAKE).options


def test_exercise_of_several_outputs_is_small_and_marked():
    app = derivation("Your turn", **SOFTMAX)
    options = app.selectbox(key=keys.ASKED).options
    assert "P" in options and "v of W₂ new" in options
    app.selectbox(key=keys.ASKED).set_value("dC_dW2").run()
    assert any(
        "two hidden units, three softmax outputs, g = tanh, η = 0.5, λ = 0.1, μ = 0.5" in m.value for m in app.markdown
    )
    value = ask(0, "dC_dW2", 2, "tanh", "softmax", 3, 0.1, 0.5).hidden.value
    answer(app, " ".join(f"{v:.3g}" for v in value.ravel()))
    assert [s.value for s in app.success] == ["Right."]


def test_what_is_taken_away_of_several_outputs_is_the_experiments():
    app = opened(**SOFTMAX)
    app.button(key=keys.STEP).click().run()
    show(go(app, "Derivation"), "Take it away")
    text, script = (code.value for code in app.code)
    assert "k = 3, g = tanh, output softmax" in text
    printed = {}
    exec(script, printed)
    own = trainer(app)
    assert np.array_equal(printed["W2"], own.parameters.W2)
    assert np.array_equal(printed["v_W2"], own.state().progress.velocity.W2)


def test_a_sample_of_many_inputs_is_told_by_the_first_of_them():
    features = ";".join(f"mean {name}" for name in (
        "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "symmetry", "concave points"
    ))  # fmt: skip
    app = derivation(dataset="breast_cancer", features=features)
    (told,) = [c.value for c in app.caption if "standardised" in c.value]
    assert told.startswith("mean radius = ") and " and 1 more input:" in told and "concave" not in told
    assert any("Inputs that are not drawn are at their mean" in c.value for c in app.caption)


# --- matrices of several outputs -------------------------------------------------------


def test_rows_of_outputs_are_numbered_as_the_classes_are_from_0():
    head, *lines = rows(matrices.html(np.ones((3, 2)), "W2"))
    assert head[0] == "class ↓" and [line[0] for line in lines] == ["0", "1", "2"]
    head, *lines = rows(matrices.html(np.ones((3, 5)), "Y"))
    assert head == ["sample →<br>class ↓", "", "1", "2", "3", "4", "5", ""]
    assert [line[0] for line in lines] == ["0", "1", "2"]


def test_jacobian_of_one_sample_has_classes_on_both_axes_and_of_several_a_block_each():
    head, *lines = rows(matrices.html(np.ones((3, 3)), "dy_hat_dZ2", axes="k k"))
    assert head == ["class →<br>class ↓", "", "0", "1", "2", ""] and [line[0] for line in lines] == ["0", "1", "2"]
    head = rows(matrices.html(np.ones((3, 6)), "dy_hat_dZ2", axes="k km"))[0]
    assert head == ["sample →<br>class ↓", "", "1", "", "", "2", "", "", ""]


def test_matrices_of_one_output_are_numbered_as_before():
    assert rows(matrices.html(np.ones((1, 4)), "W2")) == [["", "1", "1", "1", "1", ""]]
    assert rows(matrices.html(np.ones((1, 1)), "dC_db2")) == [["", "1", ""]]
    assert rows(matrices.html(np.ones((1, 2)), "y_hat"))[0] == ["sample →", "", "1", "2", ""]
