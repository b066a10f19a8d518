"""A run as an animated GIF: its decision boundary from epoch to epoch, drawn with Pillow alone.

All frames share one palette, the field's bands and what signs and words blend into at their edges: no frame brings
colours of its own, nothing is dithered, and what stays from frame to frame costs nothing. Of three classes and more
the bands are the colours that all frames together need most.
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from toynet.charts.boundary import shown
from toynet.charts.field import Plane, borders, evaluate, mixed, plane
from toynet.charts.palette import BLUE, CLASS_COLOURS, CORNERS, INK, MIDDLE, ORANGE, OUTLINE, colours
from toynet.datasets import Split
from toynet.network import Parameters
from toynet.replay import Replay
from toynet.state import State

FRAME, LAST = 80, 2000
"""Milliseconds that a frame is shown, and the last one."""

TOP, SIDE, BOTTOM = 34, 24, 26
"""Pixels above the field for the caption and the classes, on either side for an input's name, and below."""

FINE = 4
"""Lines and signs are drawn so many times as large, and made smaller: smooth edges."""

RADIUS = 4.0
"""Of a sample's circle in pixels; its square has the same area."""

GROUND = "#ffffff"

BAND = 5
"""Percent from shade to shade of the field, of which one is the middle: finer ones make the file twice as large."""

BLENDS = 8
"""Colours from one into another where two meet at an edge, these two included."""

BANDS, MOST_BANDS, FEW_BLENDS = 12, 140, 4
"""Of more than two classes: parts of a class's share in the field's colours, how many of these all frames have at most,
and blends."""

ACROSS, ROW = 3, 20
"""Of more than two classes, names side by side below the field, and pixels from one row of them to the next."""

NOTHING = (255, 0, 255)
"""The palette's last colour, far from the others, stands for what is as it was a frame before."""

LONGEST = 200
"""Characters of a name that are looked at."""


def gif(
    split: Split,
    activation: str,
    moments: Iterable[tuple[int, Parameters]],
    side: int = 420,
    output: str = "sigmoid",
) -> bytes:
    """The run as a GIF that loops for ever and rests on its last frame.

    Parameters
    ----------
    split : Split
    activation : str
    moments : iterable of (int, Parameters)
        Epochs, and the parameters after so many; a frame each.
    side : int
        Pixels of the field.
    output : {"sigmoid", "softmax"}

    Raises
    ------
    ValueError
        If there are no moments.
    """
    moments = list(moments)
    if not moments:
        raise ValueError("there are no moments to show")
    area = plane(split)
    still, signs = _still(split, side), _signs(split, area, side)
    palette = _palette() if split.outputs == 1 else _palette_of_many(split, activation, moments, output)
    palette_image = Image.new("P", (1, 1))
    palette_image.putpalette(palette)
    first, *others = [
        _frame(*moment, activation, output, area, still, signs).quantize(
            palette=palette_image, dither=Image.Dither.NONE
        )
        for moment in moments
    ]
    timing = {"duration": [FRAME] * len(others) + [LAST], "loop": 0}
    only_what_changes = {"optimize": True, "palette": palette, "transparency": len(palette) // 3 - 1}
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, **timing, **only_what_changes)
    return file.getvalue()


def of_run(state: State, split: Split, side: int = 420) -> bytes:
    """The GIF of a whole run, from its start to where it stands, at log-spaced epochs (see `gif`)."""
    replay, config = Replay(state, split), state.config

    def moments() -> Iterator[tuple[int, Parameters]]:
        for epoch in log_spaced(state.progress.epoch):
            replay.seek(epoch)
            yield epoch, replay.trainer.parameters

    return gif(split, config.activation, moments(), side, config.output)


def log_spaced(last_epoch: int, most: int = 60) -> list[int]:
    """Whole numbers from 0 to the last epoch, ascending, at most so many: close together where a run changes fast.

    All where there are no more; else each is about as many times the one before, but at least one more.
    """
    if last_epoch < most:
        return list(range(last_epoch + 1))
    epochs = [0, 1][: most - 1]
    for left in range(most - len(epochs), 1, -1):
        here = epochs[-1]
        epochs.append(max(here + 1, round(here * (last_epoch / here) ** (1 / left))))
    return [*epochs, last_epoch]


# --- what a frame is made of -------------------------------------------------------------


def _frame(epoch, parameters, activation, output, area, still, signs):
    """One moment in true colours: the field, the lines between classes, the samples, and the caption above."""
    side = signs.width
    Z2, y_hat = evaluate(parameters, area, activation, np.float32, output)
    image = still.copy()
    image.paste(_field(y_hat, side), (SIDE, TOP))
    image.paste(INK, (SIDE, TOP), _half(borders(Z2, area), area, side))
    image.paste(signs, (SIDE, TOP), signs)
    ImageDraw.Draw(image).text((SIDE, TOP / 2), f"epoch {epoch:,}", INK, _font(16), anchor="lm")
    return image


def _field(y_hat, side):
    """The probabilities in bands of colour, smooth where `charts.field` has pixels."""
    if y_hat.ndim == 3:
        return _true(mixed(np.stack([np.asarray(Image.fromarray(p).resize((side, side))) for p in y_hat]), BANDS))
    smooth = Image.fromarray(np.nan_to_num(y_hat[::-1], nan=0.5).astype(np.float32)).resize((side, side))
    bands = (np.clip(np.asarray(smooth), 0.0, 1.0) * (100 / BAND)).round().astype(np.uint8)
    return Image.fromarray(colours[BAND * bands])


def _true(colours):
    return Image.fromarray(np.clip(colours, 0, 255).round().astype(np.uint8))


def _half(lines, area, side):
    """Where the lines cover the field."""
    mask = Image.new("L", (FINE * side, FINE * side))
    draw = ImageDraw.Draw(mask)
    for line in lines:
        places = [tuple(place) for place in _pixels(line, area, FINE * side).tolist()]
        draw.line(places, fill=255, width=round(1.8 * FINE), joint="curve")
    return mask.reduce(FINE)


def _signs(split, area, side):
    """The samples, which stay: a sign for each class, those of the test part with a dark outline."""
    rows, m, split = shown(split), split.y_train.size, split.pictured
    own = split.own_units(np.concatenate([split.X_train, split.X_test])[rows])
    y = np.concatenate([split.y_train, split.y_test])[rows]
    image = Image.new("RGBA", (FINE * side, FINE * side))
    draw = ImageDraw.Draw(image)
    for place, value, in_test in zip(_pixels(own, area, FINE * side).tolist(), y.tolist(), rows >= m, strict=True):
        _sign(draw, *place, int(value), FINE, bool(in_test))
    return image.reduce(FINE)


def _sign(draw, x, y, value, scale, in_test=False):
    """A sample of a class."""
    outline, width = (OUTLINE, 1.9) if in_test else (GROUND, 1.2)
    look = CLASS_COLOURS[value], outline, round(scale * width)
    if value > 1:
        draw.polygon([(x + a, y + b) for a, b in (scale * RADIUS * CORNERS[value]).tolist()], *look)
        return
    r = scale * RADIUS * (1.0 if value == 0 else math.sqrt(math.pi) / 2)
    shape = draw.rectangle if value else draw.ellipse
    shape((x - r, y - r, x + r, y + r), *look)


def _pixels(points, area: Plane, side):
    """Points in own units as pixels from the upper left corner of a field of that side, (k, 2)."""
    low, high = np.array([area.x_range, area.y_range]).T
    share = (points - low) / (high - low)
    return np.stack([share[:, 0], 1.0 - share[:, 1]], axis=1) * side


# --- what stands around it ---------------------------------------------------------------


def _still(split, side):
    """The ground of all frames: the inputs' names beside their axes, the classes' names above the field, or below."""
    many = -(-len(split.class_names) // ACROSS) * ROW if split.outputs > 1 else 0
    image = Image.new("RGB", (side + 2 * SIDE, TOP + side + BOTTOM + many), GROUND)
    x_name, y_name = (_cut(name, side, _font(13)) for name in split.pictured.feature_names[:2])
    ImageDraw.Draw(image).text((SIDE + side / 2, TOP + side + BOTTOM / 2), x_name, INK, _font(13), anchor="mm")
    upright = Image.new("RGB", (side, SIDE), GROUND)
    ImageDraw.Draw(upright).text((side / 2, SIDE / 2), y_name, INK, _font(13), anchor="mm")
    image.paste(upright.transpose(Image.Transpose.ROTATE_90), (0, TOP))
    place = _many_classes if many else _classes
    place(image, split.class_names, side)
    return image


def _classes(image, names, side):
    """A sign and a name for each of two classes, at the right."""
    font, room = _font(13), side / 3 - 24
    large = Image.new("RGBA", (FINE * side, FINE * TOP))
    right, draw = float(side), ImageDraw.Draw(image)
    for value in (1, 0):
        name = _cut(names[value], room, font)
        right -= font.getlength(name)
        draw.text((SIDE + right, TOP / 2), name, INK, font, anchor="lm")
        _sign(ImageDraw.Draw(large), FINE * (right - 10), FINE * TOP / 2, value, FINE)
        right -= 28
    small = large.reduce(FINE)
    image.paste(small, (SIDE, 0), small)


def _many_classes(image, names, side):
    """The same for more classes, in rows at the foot."""
    font, wide, top = _font(13), side / ACROSS, TOP + side + BOTTOM
    large = Image.new("RGBA", (FINE * side, FINE * (image.height - top)))
    for value, name in enumerate(names):
        row, column = divmod(value, ACROSS)
        x, y = column * wide, (row + 0.4) * ROW
        name = _cut(name, wide - 24, font)
        ImageDraw.Draw(image).text((SIDE + x + 18, top + y), name, INK, font, anchor="lm")
        _sign(ImageDraw.Draw(large), FINE * (x + 8), FINE * y, value, FINE)
    small = large.reduce(FINE)
    image.paste(small, (SIDE, top), small)


def _font(size):
    return ImageFont.load_default(size)


def _cut(name, room, font):
    """As much of a name as there is room for, on one line; letters without the accents that the font lacks."""
    letters = unicodedata.normalize("NFKD", name[:LONGEST])
    name = "".join(c if c.isprintable() else " " for c in letters if not unicodedata.combining(c)).strip()
    if font.getlength(name) <= room:
        return name
    while name and font.getlength(name + "…") > room:
        name = name[:-1]
    return name + "…"


def _palette():
    """The field's shades, and what signs and words blend into at their edges: bytes, three a colour."""
    edges = [(GROUND, ORANGE), (GROUND, MIDDLE), (GROUND, BLUE), (OUTLINE, ORANGE), (OUTLINE, MIDDLE), (OUTLINE, BLUE)]
    every = np.unique(np.concatenate([colours[::BAND], *_blends([*edges, (GROUND, INK)], BLENDS)]), axis=0)
    return every.tobytes() + bytes(NOTHING)


def _palette_of_many(split, activation, moments, output):
    """The same for more classes: shades that stand for those of all moments."""
    coarse = plane(split, grid=32)
    fields = [
        mixed(evaluate(parameters, coarse, activation, np.float32, output)[1], BANDS) for _, parameters in moments
    ]
    few = _true(np.concatenate(fields)).quantize(MOST_BANDS, method=Image.Quantize.MEDIANCUT)
    bands = np.array(few.getpalette(), np.uint8).reshape(-1, 3)[:MOST_BANDS]
    edges = [(end, colour) for colour in CLASS_COLOURS[: split.outputs] for end in (GROUND, OUTLINE)]
    every = np.concatenate([bands, *_blends([*edges, (GROUND, INK), (MIDDLE, INK)], FEW_BLENDS)])
    return np.unique(every, axis=0).tobytes() + bytes(NOTHING)


def _blends(edges, number):
    """So many colours from one end of each edge to the other, both included."""
    share = np.linspace(0.0, 1.0, number)[:, None]
    ends = [[np.array(ImageColor.getrgb(end)) for end in edge] for edge in edges]
    return [(first * (1 - share) + second * share).round().astype(np.uint8) for first, second in ends]
