"""The animated GIF: its frames, colours, times, and the epochs it is made of."""

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from toynet import Config, Trainer, train
from toynet.charts.field import evaluate, mixed, plane
from toynet.charts.palette import BLUE, CLASS_COLOURS, MIDDLE, ORANGE
from toynet.network import Parameters
from toynet.sharing.animation import BANDS, SIDE, TOP, gif, log_spaced, of_run


def moments(trainer, epochs):
    for epoch in epochs:
        trainer.run(epoch - trainer.epoch)
        yield trainer.epoch, trainer.parameters


def animation(config=None, epochs=(0, 5, 50), names=None, **options):
    trainer = Trainer(config or Config(samples=100, learning_rate=1.0))
    split = trainer.split._replace(**names) if names else trainer.split
    return Image.open(io.BytesIO(gif(split, trainer.config.activation, moments(trainer, epochs), **options)))


def frames(image):
    """Every frame in true colours, and how long it is shown."""
    for n in range(image.n_frames):
        image.seek(n)
        yield np.asarray(image.convert("RGB")).astype(int), image.info["duration"]


def near(pixels, colour, within=40):
    """How much of the pixels has about this colour."""
    return (np.abs(pixels - list(bytes.fromhex(colour[1:]))).max(axis=-1) < within).mean()


def test_frames_rest_on_the_last_and_loop_for_ever():
    image = animation()
    assert [time for _, time in frames(image)] == [80, 80, 2000] and image.info["loop"] == 0


def test_one_moment_is_a_picture_and_none_an_error():
    assert animation(epochs=[0]).n_frames == 1
    with pytest.raises(ValueError, match="no moments"):
        animation(epochs=[])


def test_the_field_is_each_moments_own():
    """Two parameters apart: all class 0, then all class 1, and no line."""
    trainer = Trainer(Config(samples=40, hidden_size=1))
    all_of_one = [Parameters(np.zeros((1, 2)), np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), b)) for b in (-9, 9)]
    image = Image.open(io.BytesIO(gif(trainer.split, "tanh", enumerate(all_of_one))))
    (first, _), (second, _) = frames(image)
    field = slice(TOP, TOP + 420), slice(SIDE, SIDE + 420)
    assert near(first[field], ORANGE) > 0.9 > 0.1 > near(first[field], BLUE) > 0
    assert near(second[field], BLUE) > 0.9 > 0.1 > near(second[field], ORANGE) > 0


def test_the_half_line_stands_where_the_network_is_undecided():
    """y_hat = 0.5 at standardised x1 = 0: a dark line upright through that place, on the middle grey."""
    trainer = Trainer(Config(samples=40, hidden_size=1))
    upright = Parameters(np.array([[1.0, 0.0]]), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)))
    ((pixels, _),) = frames(Image.open(io.BytesIO(gif(trainer.split, "tanh", [(0, upright)]))))
    dark = (pixels[TOP : TOP + 420, SIDE : SIDE + 420].max(axis=2) < 70).mean(axis=0)
    X = trainer.split.own_units(np.concatenate([trainer.split.X_train, trainer.split.X_test]))
    low, high = X[:, 0].min(), X[:, 0].max()
    place = 420 * (0.08 + (trainer.split.mean[0] - low) / (high - low)) / 1.16
    assert abs(int(dark.argmax()) - place) <= 2 and dark.max() > 0.8


def test_samples_are_drawn_those_of_the_test_part_with_a_dark_outline():
    flat = Parameters(np.zeros((1, 2)), np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), 0.02))
    dark = {}
    for share in (0.0, 0.4):
        split = Trainer(Config(samples=40, test_fraction=share)).split
        ((pixels, _),) = frames(Image.open(io.BytesIO(gif(split, "tanh", [(0, flat)]))))
        field = pixels[TOP : TOP + 420, SIDE : SIDE + 420]
        assert near(field, ORANGE) > 0.001 and near(field, BLUE) > 0.001
        dark[share] = (field.max(axis=2) < 60).sum()
    assert dark[0.0] == 0 and dark[0.4] > 16 * 20


def certain_of(c, k=4):
    """A network that takes everything for class c."""
    b2 = np.where(np.arange(k) == c, 9.0, -9.0)[:, None]
    return Parameters(np.zeros((1, 2)), np.zeros((1, 1)), np.zeros((k, 1)), b2)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_of_many_classes_each_has_its_colour_its_sign_and_its_name(output):
    split = Trainer(Config(dataset="blobs", classes=4, samples=80, hidden_size=1)).split
    image = Image.open(io.BytesIO(gif(split, "tanh", ((c, certain_of(c)) for c in range(4)), output=output)))
    field, foot = (slice(TOP, TOP + 420), slice(SIDE, SIDE + 420)), (slice(TOP + 446, None), slice(SIDE, SIDE + 420))
    for c, (pixels, _) in enumerate(frames(image)):
        for other in range(4):
            share = near(pixels[field], CLASS_COLOURS[other])
            assert share > 0.85 if other == c else 0.1 > share > 0.0005
            assert near(pixels[foot], CLASS_COLOURS[other]) > 0.0005
    assert image.size == (468, 480 + 40), "names in two rows"


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_the_field_is_that_of_its_output(output):
    split = Trainer(Config(dataset="blobs", classes=3, samples=40, hidden_size=1)).split
    parameters = certain_of(0, 3)._replace(b2=np.array([[3.0], [2.0], [-1.5]]))
    ((pixels, _),) = frames(Image.open(io.BytesIO(gif(split, "tanh", [(0, parameters)], output=output))))
    y_hat = evaluate(parameters, plane(split, grid=2), "tanh", output=output)[1]
    assert np.abs(pixels[TOP + 3, SIDE + 3] - mixed(y_hat, BANDS)[0, 0]).max() < 3


def test_lines_between_classes_are_drawn():
    """Z2 = (x1, -x1, -9): a dark line upright through standardised x1 = 0."""
    split = Trainer(Config(dataset="blobs", classes=3, samples=40)).split
    W2 = np.array([[1.0], [-1.0], [0.0]])
    b2 = np.array([[0.0], [0.0], [-9.0]])
    upright = Parameters(np.array([[1.0, 0.0]]), np.zeros((1, 1)), W2, b2)
    ((pixels, _),) = frames(Image.open(io.BytesIO(gif(split, "tanh", [(0, upright)]))))
    dark = (pixels[TOP : TOP + 420, SIDE : SIDE + 420].max(axis=2) < 80).mean(axis=0)
    X = split.own_units(np.concatenate([split.X_train, split.X_test]))
    low, high = X[:, 0].min(), X[:, 0].max()
    place = 420 * (0.08 + (split.mean[0] - low) / (high - low)) / 1.16
    assert abs(int(dark.argmax()) - place) <= 2 and dark.max() > 0.8


def test_a_run_of_more_inputs_is_drawn_over_two():
    config = Config(dataset="wine", features="alcohol;hue;proline", feature_1="proline", feature_2="hue", epochs=3)
    content = of_run(train(config).state(), Trainer(config).split, side=160)
    assert Image.open(io.BytesIO(content)).n_frames == 4


def test_of_many_classes_all_frames_share_one_palette_and_it_is_small():
    config = Config(dataset="spirals", classes=6, output="softmax", learning_rate=1.0)
    content = animation(config, log_spaced(300, 30), output="softmax").fp.getvalue()
    assert own_palettes(content) == (True, [False] * 30)
    assert len(content) < 1_000_000


def test_all_frames_share_one_palette():
    """Of a file with a palette a frame each frame's own would have the bit 128 set."""
    content = animation(epochs=range(6)).fp.getvalue()
    assert own_palettes(content) == (True, [False] * 6)


def own_palettes(content):
    """Whether a GIF has a palette for all frames, and of each frame whether it has its own."""

    def size(flags):
        return 3 * 2 ** ((flags & 7) + 1) if flags & 128 else 0

    at, found = 13 + size(content[10]), []
    while content[at] != 0x3B:
        if content[at] == 0x21:
            at += 2
        else:
            found.append(bool(content[at + 9] & 128))
            at += 11 + size(content[at + 9])
        while content[at]:
            at += content[at] + 1
        at += 1
    return bool(content[10] & 128), found


def test_it_is_small():
    content = animation(Config(learning_rate=1.0), log_spaced(300, 30)).fp.getvalue()
    assert len(content) < 600_000


@pytest.mark.parametrize("name", ["中 🐧 ü", "x" * 10_000, "a\nb\r\x00\ud800", "", "<b>&amp;", "שלום"])
def test_names_of_all_kinds_leave_the_picture_as_it_is(name):
    image = animation(epochs=[0], names={"feature_names": (name, name), "class_names": (name, name)}, side=160)
    plain = animation(epochs=[0], names={"feature_names": ("", ""), "class_names": ("", "")}, side=160)
    ((pixels, _),), ((expected, _),) = frames(image), frames(plain)
    field = slice(TOP, TOP + 160), slice(SIDE, SIDE + 160)
    assert image.size == plain.size and np.array_equal(pixels[field], expected[field])
    assert (near(pixels[:, :SIDE], "#1f2937") > 0) == bool(name), "the upright name is there"


def test_diverged_parameters_are_drawn():
    bad = Parameters(
        *(np.full(shape, value) for shape, value in (((2, 2), np.inf), ((2, 1), 0), ((1, 2), 1), ((1, 1), 0)))
    )
    split = Trainer(Config(samples=40)).split
    assert gif(split, "relu", [(0, bad), (1, bad._replace(W1=np.full((2, 2), 1e300)))])


def test_what_is_no_number_is_drawn_in_the_middle():
    nan = Parameters(np.full((1, 2), np.nan), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)))
    ((pixels, _),) = frames(Image.open(io.BytesIO(gif(Trainer(Config(samples=40)).split, "tanh", [(0, nan)]))))
    assert near(pixels[TOP : TOP + 420, SIDE : SIDE + 420], MIDDLE, within=1) > 0.9


def test_names_are_on_one_line():
    one, other = (animation(epochs=[0], names={"feature_names": (name, name)}) for name in ("a\nb", "a b"))
    assert np.array_equal(next(frames(one))[0], next(frames(other))[0])


@given(st.integers(0, 3_000_000), st.integers(1, 200))
def test_log_spaced_epochs(last, most):
    epochs = log_spaced(last, most)
    assert len(epochs) == min(most, last + 1) and epochs[-1] == last
    assert all(a < b for a, b in pairwise(epochs)) and (epochs[0] == 0 or most == 1)
    steps = np.diff(epochs)
    assert (np.diff(steps[1:]) >= -1).all(), "they never come closer together"


def test_log_spaced_epochs_begin_one_by_one_and_then_grow_evenly():
    epochs = log_spaced(10_000)
    assert epochs[:4] == [0, 1, 2, 3]
    late = np.array(epochs[-10:])
    assert np.ptp(late[1:] / late[:-1]) < 0.01
