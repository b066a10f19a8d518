"""Runs for TensorBoard and Trackio: the same numbers at the same steps, whole or not at all, in their own folder."""

import csv
import re
import socket
from functools import lru_cache

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.text.text_plugin import text_array_to_html

from toynet import Config, Trainer, train
from toynet.history import COLUMNS
from toynet.sharing import trackers
from toynet.sharing.trackers import TAGS, folder_name, tensorboard

EVIL = '![x](http://evil/a.png) <img src="http://evil/b.png"> [y](javascript:alert(1)) | `c`\n# d\n\n<script>'


@lru_cache
def trainer():
    """A run whose rate and batches were changed in mid-run."""
    trainer = Trainer(Config(samples=60, epochs=40), run="20261128-180058-1a2b3c4d")
    trainer.run(20)
    trainer.learning_rate, trainer.batch_mode, trainer.batch_size = 0.1, "mini", 10
    trainer.run(20)
    return trainer


def read(folder):
    return EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0}).Reload()


def scalars(events, tag):
    """Steps and values of a tag, (rows,) each."""
    steps, values = zip(*((event.step, event.value) for event in events.Scalars(tag)), strict=True)
    return np.array(steps), np.array(values)


def rows(folder):
    with open(folder / "trackio.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_tensorboard_reads_every_number_at_its_step(tmp_path):
    frame = trainer().history
    events = read(tensorboard(tmp_path, "one", frame))
    assert set(events.Tags()["scalars"]) == {*TAGS.values(), "batch_size"}
    for column, tag in {**TAGS, "batch_size": "batch_size"}.items():
        steps, values = scalars(events, tag)
        assert np.array_equal(steps, frame["epoch"])
        assert np.array_equal(values, frame[column].to_numpy(np.float32)), column


def test_settings_that_stay_are_no_curves(tmp_path):
    frame = train(Config(samples=60, epochs=2)).history
    assert set(read(tensorboard(tmp_path, "one", frame)).Tags()["scalars"]) == set(TAGS.values())


def test_late_rows_are_there_too(tmp_path):
    """Steps and times of other lengths in bytes, and so other records."""
    frame = train(Config(samples=20, epochs=20_000, record_every=50)).history
    steps, values = scalars(read(tensorboard(tmp_path, "one", frame)), "loss/train")
    assert np.array_equal(steps, frame["epoch"]) and np.array_equal(values, frame["train_loss"].to_numpy(np.float32))


def test_time_is_that_of_training_from_the_runs_start_on(tmp_path):
    frame = trainer().history
    times = np.array(
        [event.wall_time for event in read(tensorboard(tmp_path, trainer().run_name, frame)).Scalars("loss/train")]
    )
    np.testing.assert_allclose(times - times[0], frame["seconds"], atol=1e-5)
    assert trackers.datetime.fromtimestamp(times[0]).strftime("%Y%m%d-%H%M%S") == "20261128-180058"


def test_without_a_test_part_there_are_no_test_curves_and_a_gap_is_no_point(tmp_path):
    frame = train(Config(samples=60, epochs=5, test_fraction=0.0)).history
    frame.loc[2, "train_loss"] = np.nan
    folder = tensorboard(tmp_path, "one", frame)
    tags = read(folder).Tags()["scalars"]
    assert not any(tag.endswith("/test") for tag in tags)
    assert list(scalars(read(folder), "loss/train")[0]) == [0, 1, 3, 4, 5]
    assert "loss/test" not in rows(folder)[0] and rows(folder)[2]["loss/train"] == ""


def test_settings_can_be_compared_and_read(tmp_path):
    events = read(tensorboard(tmp_path, "one", trainer().history))
    started = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    settings = plugin_data_pb2.HParamsPluginData.FromString(started).session_start_info.hparams
    assert settings["hidden_size"].number_value == 8 and settings["activation"].string_value == "tanh"
    assert settings["learning_rate"].number_value == 0.1
    shown = html(events)
    assert "<td>hidden&#95;size</td>\n<td>8</td>" in shown or "<td>hidden_size</td>\n<td>8</td>" in shown


def html(events, is_markdown=True):
    """The settings as TensorBoard's page would show them."""
    (event,) = events.Tensors("settings/text_summary")
    return text_array_to_html(np.array(event.tensor_proto.string_val), is_markdown)


def test_a_name_is_text_and_loads_nothing(tmp_path):
    frame = trainer().history.assign(run=EVIL, class_0=EVIL, data_file="http://evil/c.png")
    events = read(tensorboard(tmp_path, EVIL, frame))
    for is_markdown in (True, False):
        shown = html(events, is_markdown)
        assert not re.search(r"<(?!/?(table|thead|tbody|tr|td|th|p)>)", shown), shown
        assert not re.search(r"(src|href)=", shown.replace("src&#61;", ""))
    # Every setting is a row, no name makes one: a row each, the heading, and one of the table around.
    names = set(frame) - set(COLUMNS) | {"learning_rate"}
    assert html(events).count("<tr>") == len(names) + 2


def test_trackio_gets_short_names_a_step_and_all_digits(tmp_path):
    frame = trainer().history
    table = rows(tensorboard(tmp_path, "one", frame))
    names = list(table[0])
    # What trackio.import_csv makes of names, and what it takes for a measure.
    simple = [re.sub(r"[^a-zA-Z0-9/]", "", name)[:10] for name in names]
    assert [n for n in simple if n != n.lower() and not n.startswith("grad/")] == [] and len(set(simple)) == len(names)
    assert [n for n, s in zip(names, simple, strict=True) if n != s and n != "batch_size"] == []
    assert [int(row["step"]) for row in table] == frame["epoch"].tolist()
    assert [float(row["loss/train"]) for row in table] == frame["train_loss"].tolist()
    assert [float(row["grad/W1"]) for row in table] == frame["grad_norm_W1"].tolist()
    for row in table:
        assert trackers.datetime.fromisoformat(row.pop("timestamp")).tzinfo
        assert all(np.isfinite(float(value)) for value in row.values())


def test_what_is_there_is_not_overwritten_and_found_at_once(tmp_path, monkeypatch):
    folder = tensorboard(tmp_path, "one", trainer().history)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    monkeypatch.setattr(trackers, "_write_events", None)
    with pytest.raises(FileExistsError, match="not empty"):
        tensorboard(tmp_path, "one", trainer().history)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_an_empty_folder_is_used_and_a_file_or_a_link_is_not(tmp_path):
    (tmp_path / "one").mkdir()
    assert len(list(tensorboard(tmp_path, "one", trainer().history).iterdir())) == 2
    (tmp_path / "two").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "three").symlink_to(tmp_path / "elsewhere")
    for run in ("two", "three"):
        with pytest.raises(FileExistsError):
            tensorboard(tmp_path, run, trainer().history)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("broken", ["_write_events", "_write_csv"])
def test_where_writing_fails_nothing_is_left(tmp_path, monkeypatch, broken):
    def fails(*_):
        raise OSError("no room")

    monkeypatch.setattr(trackers, broken, fails)
    with pytest.raises(OSError, match="no room"):
        tensorboard(tmp_path, "one", trainer().history)
    assert list(tmp_path.iterdir()) == []


HOSTILE = [
    "../../x",
    "",
    "a/b",
    "..",
    ".",
    "/etc/passwd",
    "x" * 5000,
    "C:\\x",
    "a\x00b",
    "CON",
    "nul.txt",
    "~",
    "ä 中",
    "a\n",
    "\ud800",
]


@pytest.mark.parametrize("run", HOSTILE, ids=ascii)
def test_no_run_leaves_the_folder(tmp_path, run):
    inside = tmp_path / "a" / "b"
    folder = tensorboard(inside, run, trainer().history.head(2))
    assert folder.parent == inside and folder.resolve().parent == inside.resolve()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] != []
    assert sorted(path.name for path in inside.iterdir()) == [folder.name] and list(tmp_path.iterdir()) == [
        tmp_path / "a"
    ]
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,90}", folder.name) and not folder.name.endswith(".")


def test_folder_names():
    assert folder_name("20261128-180058-1a2b3c4d") == "20261128-180058-1a2b3c4d"
    assert len({folder_name(run) for run in [*HOSTILE, "_b", "a_b", "a?b"]}) == len(HOSTILE) + 3
    assert (
        len({folder_name(run).lower() for run in ("con", "prn", "com1", "con.txt")} & {"con", "prn", "com1", "con.txt"})
        == 0
    )


def test_the_files_do_not_tell_the_machines_name(tmp_path):
    folder = tensorboard(tmp_path, "one", trainer().history)
    host = socket.gethostname()
    assert host not in " ".join(path.name for path in folder.iterdir())
    assert not any(host.encode() in path.read_bytes() for path in folder.iterdir())
