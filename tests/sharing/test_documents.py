"""A run as JSON and NPZ: all of it, exactly, as others read it."""

import io
import json

import numpy as np
import pytest

from tests.sharing.running import SEVERAL, given, restless, trained
from toynet import Config
from toynet.network import Parameters, forward
from toynet.sharing import documents


def strict(content):
    """What a JSON reader that knows no NaN makes of it."""

    def refused(name):
        raise ValueError(name)

    return json.loads(content, parse_constant=refused)


def test_json_holds_the_run_to_the_last_bit():
    trainer = restless()
    document = strict(documents.to_json(trainer.state(), trainer.split, {"name": "first", "note": "", "tags": ["a"]}))
    assert (document["kind"], document["version"], document["run"]) == ("toynet run", 2, trainer.run_name)
    assert (document["name"], document["tags"]) == ("first", ["a"])
    assert Config.from_dict(document["settings"]) == trainer.state().config
    assert [tuple(change) for change in document["changes"]] == list(trainer.changes)
    for name, values in trainer.parameters._asdict().items():
        assert np.array_equal(document["parameters"][name], values)
    assert (document["epoch"], document["update"]) == (trainer.epoch, trainer.update)
    for name, column in document["history"].items():
        assert np.array_equal(column, trainer.recorded[name])
    assert document["inputs"]["mean"] == trainer.split.mean.tolist()
    assert document["inputs"]["class_names"] == list(trainer.split.class_names)


def test_of_one_output_without_momentum_it_has_what_it_always_had():
    trainer = trained()
    document = strict(documents.to_json(trainer.state(), trainer.split))
    assert not {"velocity", "drawn"} & {*document, *document["inputs"], *document["snapshots"][0]}
    assert [len(document["parameters"][name]) for name in ("W1", "b1", "W2", "b2")] == [3, 3, 1, 1]


@pytest.mark.parametrize("name", ["all", "columns"])
def test_json_holds_v_the_matrix_w2_and_what_is_drawn(name):
    trainer = trained(batch_mode="mini", **SEVERAL[name])
    document = strict(documents.to_json(trainer.state(), trainer.split))
    for values, own in (("parameters", trainer.parameters), ("velocity", trainer.state().progress.velocity)):
        assert all(np.array_equal(document[values][part], array) for part, array in own._asdict().items())
    assert np.shape(document["parameters"]["W2"]) == (3, 3)
    assert document["present"]["train_loss"] == trainer.present()["train_loss"]
    assert document["inputs"]["class_names"] == list(trainer.split.class_names)
    if name == "columns":
        assert document["inputs"]["drawn"]["sources"] == ["", "x2^2", "x2", ""]
        assert document["inputs"]["drawn"]["mean"] == trainer.split.drawn.mean.tolist()
        assert len(document["inputs"]["mean"]) == 4


def test_what_is_not_a_number_is_null():
    trainer = trained(test_fraction=0.0)
    history = strict(documents.to_json(trainer.state()))["history"]
    assert set(history["test_loss"]) == {None} and None not in history["train_loss"]


def test_what_people_typed_stays_text():
    hostile = 'x"}, "kind": "other", \u2028 </script> \U0001f600 \\ \0'
    trainer = given((hostile, "b", "c"), run=hostile)
    document = strict(documents.to_json(trainer.state(), trainer.split, {"note": hostile}))
    assert document["kind"] == "toynet run" and document["run"] == document["note"] == hostile
    assert document["inputs"]["feature_names"][0] == hostile == document["settings"]["feature_1"]


def test_it_is_ascii_a_line_an_entry():
    content = documents.to_json(restless().state(), None, {"note": "η\n"})
    lines = content.decode("ascii").splitlines()
    assert (lines[0], lines[-1]) == ("{", "}") and all(line.startswith('"') for line in lines[1:-1])


@pytest.mark.parametrize("make", [trained, lambda: given(("a", "b", "c"), run="given")])
def test_npz_opens_without_pickle_and_gives_the_same_probabilities(make):
    trainer = make()
    with np.load(io.BytesIO(documents.to_npz(trainer.state(), trainer.split)), allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    assert set(found) == {"W1", "b1", "W2", "b2", "mean", "scale", "settings"}
    parameters = Parameters(*(found[name] for name in Parameters._fields))
    assert all(np.array_equal(a, b) for a, b in zip(parameters, trainer.parameters, strict=True))
    X = trainer.split.own_units(trainer.split.X_test)
    inputs = (X - found["mean"]) / found["scale"]
    activation = trainer.config.activation
    again, own = (forward(p, x, activation).y_hat for p, x in ((parameters, inputs),
                                                              (trainer.parameters, trainer.split.X_test)))  # fmt: skip
    np.testing.assert_allclose(again, own, rtol=1e-9)
    settings = json.loads(str(found["settings"]))
    assert settings["settings"] == trainer.config.to_dict()
    assert (settings["epoch"], settings["update"]) == (trainer.epoch, trainer.update)
    assert settings["class_names"] == list(trainer.split.class_names)


def test_npz_says_what_inputs_are_made_of():
    trainer = trained(**SEVERAL["columns"])
    with np.load(io.BytesIO(documents.to_npz(trainer.state(), trainer.split))) as file:
        settings = json.loads(str(file["settings"]))
        assert (file["W2"].shape, file["b2"].shape, file["mean"].shape) == ((3, 3), (3, 1), (4,))
    assert settings["drawn"]["names"] == ["alcohol", "flavanoids"]
    assert settings["drawn"]["sources"] == ["", "x2^2", "x2", ""]
