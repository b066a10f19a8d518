"""Arrays written as Python source are the same to the last bit."""

import ast
import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toynet.sharing import literals


@pytest.mark.parametrize("packed", [1, 10**9])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (7, 2), (1, 60)])
def test_an_array_keeps_every_bit(monkeypatch, packed, shape):
    monkeypatch.setattr(literals, "PACKED", packed)
    values = np.random.default_rng(0).normal(size=shape) * 10.0 ** np.arange(-30, 30)[: shape[1]]
    values.flat[:1] = -0.0
    values.flat[1:3] = 5e-324, 1.7e308
    source = literals.array(values)
    read = eval(source, {"np": np, "base64": base64})
    assert read.dtype == np.float64 and read.shape == shape and read.tobytes() == values.tobytes()
    assert max(map(len, source.splitlines())) <= 120
    assert bool(literals.imports(source)) == (packed == 1 and values.size > 0)


@given(st.text(max_size=80))
def test_text_is_one_line_that_a_comment_can_hold(value):
    quoted = literals.text(value)
    assert quoted.splitlines() == [quoted] and quoted.isprintable()
    if len(quoted) < 60:
        assert ast.literal_eval(quoted) == value
    assert ast.dump(ast.parse(f"x = 1  # {quoted}\n".encode())) == ast.dump(ast.parse("x = 1"))
