"""What was exported becomes a run again; anything else gets one clear sentence, and nothing is kept."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from tests.sharing.running import SEVERAL, given, restless, small, trained
from toynet import Store, Trainer, train
from toynet.config import Config
from toynet.datasets.real import REAL
from toynet.replay import Replay
from toynet.runs.records import LATER
from toynet.sharing import documents, importing, tables

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run():
    """A run that stands within an epoch, with changes and snapshots, as its document."""
    trainer = restless()
    state = trainer.state()
    return trainer, json.loads(documents.to_json(state, trainer.split, {"name": "n", "note": "", "tags": ["t"]}))


def of(document):
    """The only run of a document."""
    (found,) = importing.read(json.dumps(document).encode())
    return found


def changed(document, **entries):
    return {**document, **entries}


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def take_in(store, content):
    """The names of the runs of a file, kept."""
    return [store.take_in(found.record, found.said) for found in importing.read(content)]


@pytest.fixture
def store(own_store):
    store = Store()
    yield store
    store.close()


# --- back again ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        restless,
        trained,
        lambda: trained(test_fraction=0.0, batch_mode="stochastic"),
        lambda: trained(5, dataset="csv", data_file="penguins.csv", target="sex"),
        lambda: trained(9, record_every=4),
        lambda: trained(3, batch_mode="mini"),
        *(lambda name=name: trained(7, batch_mode="mini", **SEVERAL[name]) for name in SEVERAL),
        lambda: trained(5, dataset="csv", data_file="penguins.csv", target="species", momentum=0.9),
        *(lambda name=name: trained(5, dataset=name, classes=4) for name in REAL),  # which have their own
    ],
    ids=[
        "restless",
        "finished",
        "no test part",
        "penguins",
        "rarely recorded",
        "within an epoch",
        *SEVERAL,
        "species",
        *REAL,
    ],
)
def test_a_run_that_went_through_json_is_the_same_run(store, make):
    own = make()
    (name,) = take_in(store, documents.to_json(own.state(), own.split, {"name": "mine", "note": "=1", "tags": ["a"]}))
    again = store.trainer(name)
    assert name == own.run_name and store.status(name) == "imported"
    assert (again.config, again.changes, again.seconds, again.update) == (
        own.config, own.changes, own.seconds, own.update,
    )  # fmt: skip
    pd.testing.assert_frame_equal(again.history, own.history, check_exact=True)
    pd.testing.assert_frame_equal(store.history(name), own.history, check_exact=True)
    said = store.said(name)
    assert (said["name"], said["note"], said["tags"]) == ("mine", "=1", ["a"])
    row, present = store.runs().iloc[0], own.present()
    assert all(row[name] == present[name] for name in ("epoch", "update", "train_loss", "grad_norm"))
    for trainer in (own, again):
        trainer.epochs = trainer.epoch + 4
        trainer.run()
    columns = own.history.columns.drop("seconds")
    assert same(again.parameters, own.parameters)
    pd.testing.assert_frame_equal(again.history[columns], own.history[columns], check_exact=True)


@pytest.mark.parametrize("more", [{}, SEVERAL["all"]])
def test_it_is_replayed_as_the_run_was(more):
    own, was = Trainer(small(batch_mode="mini", epochs=30, **more), engine="numpy"), {}
    while own.epoch < 30:
        was[own.epoch] = own.parameters
        own.learning_rate = 0.1 + own.epoch / 20
        own.run_epoch()
    (found,) = importing.read(documents.to_json(own.state()))
    replay = Replay(found.record.state)
    for epoch in (0, 29, 7, 8):
        assert replay.seek(epoch) and same(replay.trainer.parameters, was[epoch])


def as_an_older_version_wrote(document):
    """A document as it was before there were the settings `LATER`."""
    settings = {name: value for name, value in document["settings"].items() if name not in LATER}
    assert list(settings)[-1] == "class_1"
    return changed(document, version=1, settings=settings)


def test_a_document_of_the_version_before_is_the_run_that_it_was(run):
    own, document = run
    found = of(as_an_older_version_wrote(document)).record.state
    assert found.config == own.state().config
    again, own = Trainer.resume(found), Trainer.resume(own.state())
    for trainer in (again, own):
        trainer.run(epochs=3)
    assert same(again.parameters, own.parameters)


def test_a_csv_of_the_version_before_brings_its_curves_back(store):
    own = [trained(), restless()]
    older = pd.concat([trainer.history for trainer in own]).drop(columns=list(LATER))
    names = take_in(store, older.to_csv(index=False).encode())
    for name, trainer in zip(names, own, strict=True):
        pd.testing.assert_frame_equal(store.history(name), trainer.history, check_exact=True, check_dtype=False)


def test_it_knows_where_it_branched_from(store, run):
    (name,) = take_in(store, json.dumps(changed(run[1], parent="the-other", parent_epoch=12)).encode())
    assert store.said(name)["parent"] == "the-other" and store.said(name)["parent_epoch"] == 12
    for nonsense in ({"parent": "../x", "parent_epoch": 1}, {"parent": "x", "parent_epoch": -1}, {"parent": 7}):
        assert of(changed(run[1], **nonsense)).record.source.parent is None


def test_a_diverged_run_stays_one(store):
    own = train(small(activation="relu", learning_rate=1e6, epochs=200))
    (name,) = take_in(store, documents.to_json(own.state()))
    assert store.trainer(name).diverged == own.diverged != ""


def test_a_name_that_is_there_already_is_given_to_nobody_else(store):
    own = trained()
    content = documents.to_json(own.state())
    names = [take_in(store, content)[0] for _ in range(3)]
    assert names[0] == own.run_name and len(set(names)) == 3 == len(store.runs())


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "-rf", ".hidden", "a/b", "a\nb", "x" * 81, "\ud800", 7, None]
)
def test_a_name_that_cannot_be_one_becomes_what_people_call_it(store, run, name):
    (kept,) = take_in(store, json.dumps(changed(run[1], run=name, name="")).encode())
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{8}", kept)
    wanted = name if isinstance(name, str) and name != "\ud800" else ""
    assert store.said(kept)["name"] == wanted
    assert of(changed(run[1], run=name)).said["name"] == "n"


def test_what_people_said_is_kept_without_what_no_database_holds(store, run):
    said = {"name": "a\0b\ud800", "note": "η\n\udfff", "tags": ["x", "\0", 7, "=1+1"]}
    (name,) = take_in(store, json.dumps(changed(run[1], **said)).encode())
    kept = store.said(name)
    assert (kept["name"], kept["note"], kept["tags"]) == ("ab", "η\n", ["x", "", "=1+1"])


# --- a metrics CSV -------------------------------------------------------------------


def test_a_csv_brings_the_curves_back(store):
    own = [trained(), trained(test_fraction=0.0), trained(record_every=4), restless()]
    own += [trained(**settings) for settings in SEVERAL.values()]
    names = take_in(store, tables.csv(trainer.history for trainer in own))
    assert names == [trainer.run_name for trainer in own]
    for trainer in own:
        found, history = store.history(trainer.run_name), trainer.history
        pd.testing.assert_frame_equal(found, history, check_exact=True, check_dtype=False)
        with pytest.raises(ValueError, match="imported without its parameters: only its curves are here"):
            store.trainer(trainer.run_name)
    assert store.runs().state.unique().tolist() == ["imported"]
    content = tables.csv(store.history(trainer.run_name) for trainer in own)
    assert content == tables.csv(trainer.history for trainer in own)


def test_formulas_are_guarded_in_the_file_and_as_they_were_after_it(store):
    own = given(("=1+1", "@a", "+b"), run="first")
    content = tables.csv([own.history.assign(run="=HYPERLINK(1)")])
    assert b",=" not in content and b"\n=" not in content and b"'=1+1" in content
    (name,) = take_in(store, content)
    assert store.said(name)["name"] == "=HYPERLINK(1)"
    row = store.history(name).iloc[-1]
    assert (row.feature_1, row.feature_2, row.class_0, row.class_1) == ("=1+1", "@a", "=1+1", "@a")


def test_a_csv_that_went_through_a_spreadsheet_in_utf_8_with_its_mark_is_read(store):
    (name,) = take_in(store, b"\xef\xbb\xbf" + tables.csv([trained().history]))
    assert len(store.history(name)) == 7


# --- what is none --------------------------------------------------------------------


def refusal(content):
    """The sentence with which a file is refused; the store, too, takes nothing of it."""
    with pytest.raises(ValueError) as error:
        importing.read(content)
    said = str(error.value)
    assert said and "\n" not in said and len(said) < 600
    return said


HUGE = 10**400


def without(document, name):
    return {key: value for key, value in document.items() if key != name}


def deep(levels):
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "other"}, "no run that ToyNet has exported"),
        ({"kind": ["toynet run"]}, "no run that ToyNet has exported"),
        ({"version": 3}, "it is of version 3, and 1 and 2 are the ones known here"),
        ({"version": True}, "it is of version True"),
        ({"version": "1"}, "it is of version '1'"),
        ({"settings": []}, "settings is missing, or not what it should be"),
        ({"settings": {"colour": "red"}}, "colour='red' is not a setting"),
        ({"settings": {"colour": "red" * 10_000}}, "is not a setting"),
        ({"settings": {"hidden_size": 10**6}}, "hidden_size must be a whole number from 1 to 256"),
        ({"settings": {"hidden_size": HUGE}}, "hidden_size must be"),
        ({"settings": {"learning_rate": float("nan")}}, "learning_rate must be"),
        ({"settings": {"learning_rate": "0.3"}}, "learning_rate must be"),
        ({"settings": {"samples": True}}, "samples must be"),
        ({"settings": {"dataset": ["moons"]}}, "dataset must be"),
        (
            {"settings": {"dataset": "given", "data_file": "a\0b"}},
            "data_file is no name of a file",
        ),
        ({"changes": {}}, "changes is missing"),
        ({"changes": [[1, "learning_rate", -1]]}, "learning_rate must be"),
        ({"changes": [[1, "hidden_size", 5]]}, "is none"),
        ({"changes": [[9, "learning_rate", 1.0], [3, "learning_rate", 2.0]]}, "is none"),
        ({"changes": [[-1, "learning_rate", 1.0]]}, "is none"),
        ({"changes": [[HUGE, "learning_rate", 1.0]]}, "is none"),
        ({"changes": [["1", "learning_rate", 1.0]]}, "is none"),
        ({"changes": [7]}, "is none"),
        ({"changes": [[1, "batch_mode", "full"]]}, "batches change within an epoch"),
        ({"epoch": -1}, "must not be negative"),
        ({"epoch": 1.5}, "epoch is missing"),
        ({"epoch": True}, "epoch is missing"),
        ({"update": HUGE}, "nor beyond"),
        ({"update": 10**30}, "nor beyond"),
        ({"update": 1, "snapshots": [], "epoch": 0}, "its snapshots do not begin"),
        ({"epoch": 10**9}, "it cannot be in epoch"),
        ({"position": 10**9}, "it cannot be in epoch"),
        ({"position": 1.0}, "position is missing"),
        ({"parameters": []}, "parameters is missing"),
        ({"parameters": {}}, "its parameters are not those of a network with 3 hidden units"),
        ({"order": {}}, "its order is not the state of a PCG64 generator"),
        ({"order": {"bit_generator": "MT19937", "state": {}}}, "its order is not"),
        ({"seconds": -1}, "its seconds are no time"),
        ({"seconds": HUGE}, "its seconds are no time"),
        ({"seconds": float("nan")}, "its seconds are no time"),
        ({"seconds": "1"}, "seconds is missing"),
        ({"engine": "abacus"}, "its engine 'abacus' is none"),
        ({"engine": ["numpy"]}, "its engine ['numpy'] is none"),
        ({"engine_asked": "numpy+compiled"}, "its engine 'numpy+compiled' is not one"),
        ({"diverged": 7}, "diverged is missing"),
        ({"data": None}, "data is missing"),
        ({"snapshots": []}, "its snapshots do not begin at its start"),
        ({"snapshots": [7]}, "its snapshots are not what they should be"),
        ({"snapshots": {"0": 7}}, "snapshots is missing"),
        ({"history": {}}, "its history has no epoch"),
        ({"history": []}, "history is missing"),
        ({"present": {"train_loss": "low"}}, "its present's train_loss is not all numbers"),
        ({"present": {"train_loss": HUGE}}, "its present's train_loss is not all"),
        ({"present": {}}, "its present's train_loss is not all finite"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else str(value)[:40] if len(str(value)) < 99 else "huge",
)
def test_a_document_that_is_none_is_refused_with_a_sentence(run, change, says):
    assert says in refusal(json.dumps(changed(run[1], **change)).encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("W1", [[1.0, 2.0]]),
        ("W1", [[1.0] * 5] * 3),
        ("W1", [[float("nan"), 1.0]] * 3),
        ("W1", [[float("inf"), 1.0]] * 3),
        ("W1", [["0.5", "0.5"]] * 3),
        ("W1", [[True, False]] * 3),
        ("W1", [[HUGE, 1]] * 3),
        ("W1", [[None, 1.0]] * 3),
        ("W1", [[1.0, 2.0], [1.0]]),
        ("W1", {}),
        ("W1", []),
        ("b1", [1.0, 2.0, 3.0]),
        ("b1", [[1e308 * 10]] * 3),
        ("W2", 7),
        ("b2", "0"),
        ("W3", [[1.0]]),
    ],
    ids=str,
)
def test_parameters_that_are_none_are_refused(run, name, value):
    said = refusal(json.dumps(changed(run[1], parameters={**run[1]["parameters"], name: value})).encode())
    assert "parameters" in said or "is not all numbers" in said


@pytest.mark.parametrize(
    ("name", "makes"),
    [
        ("epoch", lambda values: values[::-1]),
        ("epoch", lambda values: [0] * len(values)),
        ("epoch", lambda values: [str(value) for value in values]),
        ("epoch", lambda values: [value + 0.5 for value in values]),
        ("epoch", lambda values: [value + 1 for value in values]),
        ("epoch", lambda values: values[:-1]),
        ("epoch", lambda values: [values]),
        ("epoch", lambda values: [*values[:-1], 1e300]),
        ("epoch", lambda values: [*values[:-1], HUGE]),
        ("epoch", lambda values: []),
        ("epoch", lambda values: "0123"),
        ("update", lambda values: [-value for value in values]),
        ("update", lambda values: [*values[:-1], 10**9]),
        ("samples_seen", lambda values: [2 * value if n == 3 else value for n, value in enumerate(values)]),
        ("samples_seen", lambda values: [0] * len(values)),
        ("seconds", lambda values: values[::-1]),
        ("train_loss", lambda values: [None] * len(values)),
        ("train_loss", lambda values: [float("inf")] * len(values)),
        ("test_loss", lambda values: [float("inf")] * len(values)),
        ("test_loss", lambda values: ["=1+1"] * len(values)),
        ("grad_norm", lambda values: None),
        ("learning_rate", lambda values: [True] * len(values)),
        ("learning_rate", lambda values: [True, *values[1:]]),
    ],
)  # fmt: skip
def test_a_history_that_is_none_is_refused(run, name, makes):
    history = run[1]["history"]
    said = refusal(json.dumps(changed(run[1], history={**history, name: makes(history[name])})).encode())
    assert "history" in said


def test_what_does_not_fit_its_data_is_refused():
    def said_of(name, **changes):
        trainer = trained(7, batch_mode="mini", **SEVERAL[name])
        document = json.loads(documents.to_json(trainer.state(), trainer.split))
        settings = document["settings"] | changes.pop("settings", {})
        return refusal(json.dumps(changed(document, settings=settings, **changes)).encode())

    assert "velocity is missing" in said_of("momentum", velocity=None)
    assert "its velocities are not those of a network with 3 hidden units" in said_of("all", velocity={"W1": [[1.0]]})
    wrong = {"W1": [[0.0] * 3] * 3, "b1": [[0.0]] * 3, "W2": [[0.0] * 3], "b2": [[0.0]]}
    assert "are not of the same shapes" in said_of("all", velocity=wrong)
    assert "those of 3 outputs, and its data need 1" in said_of("softmax", settings={"classes": 2})
    assert "those of 3 outputs, and its data need 6" in said_of("softmax", settings={"classes": 6})
    assert "those of 3 outputs, and its data need 1" in said_of(
        "softmax", settings={"dataset": "csv", "data_file": "a.csv", "class_1": "x"}
    )
    assert "those of 6 inputs, and its settings name 2" in said_of("terms", settings={"features": ""})
    assert "features has 'x1' twice" in said_of("terms", settings={"features": "x1;x1"})
    two = {"W1": [[0.0] * 2] * 3, "b1": [[0.0]] * 3, "W2": [[0.0] * 3] * 2, "b2": [[0.0]] * 2}
    assert "its parameters are not those of a network" in said_of("softmax", parameters=two)


NEEDED = "kind version settings changes epoch update position parameters order seconds snapshots history data diverged"


@pytest.mark.parametrize("name", NEEDED.split())
def test_a_document_without_an_entry_is_refused(run, name):
    refusal(json.dumps(without(run[1], name)).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"{",
        b"[]",
        b"{}",
        b"[" * 100_000,
        deep(100_000).encode(),
        b'{"kind": ' + deep(100_000).encode() + b"}",
        b'{"kind": "toynet run", "version": ' + b"9" * 5000 + b"}",
        b"\x00" * 1000,
        b"\xff\xfe{\x00}\x00",
        b"PK\x03\x04" + bytes(range(256)),
        b"run\n",
        b"run,epoch\na,0\n",
        b'"run\n',
        (ROOT / "data" / "penguins.csv").read_bytes(),
        (ROOT / "README.md").read_bytes(),
        "epoch,größe\n1,2\n".encode("latin-1"),
    ],
    ids=range(18),
)
def test_a_file_that_is_something_else_is_refused(content):
    refusal(content)


def test_a_document_cannot_end_in_the_middle(run):
    content = json.dumps(run[1]).encode()
    for end in np.linspace(1, len(content) - 1, 50).astype(int).tolist():
        refusal(content[:end])


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("epoch", "zero"), ("epoch", "-1"), ("epoch", "1e400"), ("epoch", "9" * 400), ("update", "0.5"),
        ("seconds", "nan"), ("train_loss", ""), ("train_loss", "inf"), ("test_loss", "inf"), ("test_loss", "low"),
        ("learning_rate", "0"), ("learning_rate", "fast"), ("batch_mode", "none"), ("batch_size", "-3"),
        ("hidden_size", "1000000"), ("hidden_size", "3.5"), ("samples", "1e300"), ("dataset", "mars"),
        ("engine", "abacus"), ("data_seed", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("row", [1, -1])
def test_a_csv_with_a_cell_that_cannot_be_is_refused(column, cell, row):
    table = pd.read_csv(io.BytesIO(tables.csv([trained().history])), dtype=str, keep_default_na=False)
    changing = column in ("epoch", "update", "seconds", "train_loss", "test_loss", "learning_rate", "batch_mode")
    place = slice(None) if not changing and column != "batch_size" else [row]
    table.iloc[place, table.columns.get_loc(column)] = cell
    refusal(table.to_csv(index=False).encode())


def test_nothing_of_a_file_is_kept_where_a_part_of_it_is_refused(store):
    good, bad = trained().history, trained().history
    bad["epoch"] = bad["epoch"].iloc[::-1].to_numpy()
    with pytest.raises(ValueError, match="epoch must begin at the start"):
        take_in(store, tables.csv([good, bad]))
    assert store.runs().empty


def test_a_run_of_data_that_are_not_here_is_listed_and_says_so_when_it_is_to_go_on(store):
    own = given(("a", "b", "c"), run="of-theirs")
    (name,) = take_in(store, documents.to_json(own.state(), own.split))
    assert store.runs().run.tolist() == [name] and len(store.history(name)) == 7
    with pytest.raises(ValueError) as error:
        store.trainer(name)
    assert "\n" not in str(error.value) and "data" in str(error.value)


# --- whatever a document says --------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 7, 2**31, 2**53, 2**63, 10**30, HUGE, 1e308, float("nan"), float("inf"), -0.0, 0.5]),
    st.sampled_from(["", "=1+1", "\0", "\ud800", "numpy", "full", "../x", "a\nb"]),
    st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=5),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places(value, here=()):
    """The ways to all values within a document."""
    yield here
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*here, key))


def put(document, place, value):
    """A document with another value in one place."""
    if not place:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[place[0]] = put(copy[place[0]], place[1:], value)
    return copy


@pytest.fixture(scope="module")
def of_several(run):
    """The same of a run of several outputs, with L2 and momentum."""
    trainer = trained(11, batch_mode="mini", **SEVERAL["all"])
    return trainer, json.loads(documents.to_json(trainer.state(), trainer.split, {"name": "n"}))


@pytest.mark.parametrize("which", ["run", "of_several"])
@given_by(data=st.data())
def test_a_document_with_anything_anywhere_is_read_or_refused_and_what_is_read_can_be_used(request, which, data):
    document = request.getfixturevalue(which)[1]
    for _ in range(data.draw(st.integers(1, 3))):
        # First an entry, then a place within it: else nearly all would be numbers of the history.
        ways = [
            (name, *way) for name in [data.draw(st.sampled_from(sorted(document)))] for way in places(document[name])
        ]
        document = put(document, data.draw(st.sampled_from(ways[:200])), data.draw(VALUES))
    try:
        found = of(document)
    except ValueError as error:
        assert str(error) and "\n" not in str(error)
        return
    store = Store("sqlite://")
    try:
        name = store.take_in(found.record, found.said)
        store.runs()
        tables.csv([store.history(name)])
        trainer = store.trainer(name)
        trainer.run(epochs=1)
        Replay(trainer.state()).seek(2)
    except ValueError as error:
        assert str(error) and "\n" not in str(error)
    finally:
        store.close()


@given_by(data=st.data())
def test_a_csv_with_anything_anywhere_is_read_or_refused(data):
    cells = [line.split(",") for line in CSV.splitlines()]
    for _ in range(data.draw(st.integers(1, 3))):
        row, column = data.draw(st.integers(0, len(cells) - 1)), data.draw(st.integers(0, len(cells[0]) - 1))
        cells[row][column] = data.draw(
            st.one_of(
                st.text(max_size=5), st.sampled_from(["inf", "nan", "-1", "1e400", "9" * 30, "9" * 400, "=1", '"'])
            )
        )
    content = "\n".join(map(",".join, cells)).encode("utf-8", "surrogatepass")
    try:
        found = importing.read(content)
    except ValueError as error:
        assert str(error)
        return
    store = Store("sqlite://")
    for run in found:
        store.history(store.take_in(run.record, run.said))
    store.close()


CELLS = ["inf", "nan", "-1", "1e400", "9" * 30, "9" * 400, "=1", '"', "0.5", ""]
CSV = tables.csv([Trainer(Config(samples=40, epochs=2)).history, trained().history]).decode()
