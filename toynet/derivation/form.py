"""Which derivation it is, and its quantities: their shapes, their order, and the steps that make them known."""

from typing import NamedTuple

from toynet.network import Parameters


class Form(NamedTuple):
    """What the derivation depends on, numbers apart.

    Attributes
    ----------
    k : int
        Outputs: 1, or 3 and more. Of several the classes are Y, of one output y.
    output : {"sigmoid", "softmax"}
        Of a single output always "sigmoid": both are the same there.
    has_l2, has_momentum : bool
        Which of the update's terms are on.
    """

    k: int = 1
    output: str = "sigmoid"
    has_l2: bool = False
    has_momentum: bool = False

    @property
    def is_softmax(self) -> bool:
        """Whether an output depends on the others."""
        return self.output == "softmax"

    @property
    def classes(self) -> str:
        """The symbol of what the outputs should say."""
        return "y" if self.k == 1 else "Y"


PLAIN = Form()
"""One output, without further terms."""


def form_of(parameters: Parameters, output: str = "sigmoid", l2: float = 0.0, momentum: float = 0.0) -> Form:
    """The `Form` of a network that is trained so."""
    k = len(parameters.W2)
    return Form(k, output if k > 1 else "sigmoid", l2 > 0, momentum > 0)


class Phase(NamedTuple):
    """A step inside one update, and what becomes known in it."""

    name: str
    title: str
    symbols: tuple[str, ...]


PHASES = (
    Phase("forward", "Forward: from A0 to C", ("A0", "W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "y_hat", "y", "C")),
    Phase("error", "The output's error: dC/dZ2", ("dC_dy_hat", "dy_hat_dZ2", "dC_dZ2")),
    Phase("output", "Output layer: dC/dW2", ("dZ2_dW2", "dC_dW2", "dC_db2")),
    Phase("hidden", "Hidden layer: dC/dW1", ("g_prime_Z1", "dC_dZ1", "dC_dW1", "dC_db1")),
    Phase("update", "New parameters", ("new_W1", "new_b1", "new_W2", "new_b2")),
)
"""Forward and back through one update, in order; of one output, without further terms."""

SHAPES = {
    "A0": "d m", "W1": "h d", "b1": "h 1", "Z1": "h m", "A1": "h m", "W2": "1 h", "b2": "1 1", "Z2": "1 m",
    "y_hat": "1 m", "y": "1 m", "C": "", "dC_dy_hat": "1 m", "dy_hat_dZ2": "1 m", "dZ2_dW2": "m h",
    "dC_dZ2": "1 m", "dC_dW2": "1 h", "dC_db2": "1 1", "g_prime_Z1": "h m", "dC_dZ1": "h m", "dC_dW1": "h d",
    "dC_db1": "h 1", "new_W1": "h d", "new_b1": "h 1", "new_W2": "1 h", "new_b2": "1 1",
}  # fmt: skip
"""Symbol -> its shape in d, h and m; of one output, without further terms."""

ORDER = tuple(SHAPES)
"""The quantities in the order of the derivation on paper: the three factors, then what they make together."""

OF_OUTPUTS = ("W2", "b2", "Z2", "y_hat", "y", "dC_dy_hat", "dy_hat_dZ2", "dC_dZ2", "dC_dW2", "dC_db2", "new_W2",
              "new_b2")  # fmt: skip
"""What has a row for each output."""

PENALISED = ("W1", "W2")
"""What the penalty is of."""


def phases(form: Form) -> tuple[Phase, ...]:
    """The `PHASES` of this form, with its own symbols."""
    first, *between, last = (
        phase._replace(symbols=tuple(form.classes if s == "y" else s for s in phase.symbols)) for phase in PHASES
    )
    penalty = ("penalty",) if form.has_l2 else ()
    terms = tuple(_terms(form))
    return first._replace(symbols=first.symbols + penalty), *between, last._replace(symbols=terms + last.symbols)


def order(form: Form) -> tuple[str, ...]:
    """The symbols of this form, as `ORDER` has them."""
    return tuple(shapes(form))


def shapes(form: Form) -> dict[str, str]:
    """Symbol -> its shape in d, h, k and m, in `order`; "km" is k m: blocks of k for each sample, side by side."""
    found: dict[str, str] = {}
    for symbol, shape in SHAPES.items():
        if symbol == "new_W1":
            found |= _terms(form)
        if form.k > 1 and symbol in OF_OUTPUTS:
            shape = shape.replace("1", "k", 1)
        found[form.classes if symbol == "y" else symbol] = shape
        if symbol == "C" and form.has_l2:
            found["penalty"] = ""
    if form.is_softmax:
        found["dy_hat_dZ2"] = "k km"
    return found


def _terms(form):
    """Shapes of the update's further terms, in the order in which they become known."""
    of = {name: SHAPES[name].replace("1", "k", 1) if form.k > 1 and name in OF_OUTPUTS else SHAPES[name]
          for name in Parameters._fields}  # fmt: skip
    found = {f"v_{name}": shape for name, shape in of.items()} if form.has_momentum else {}
    found |= {f"g_{name}": of[name] for name in PENALISED} if form.has_l2 else {}
    return found | ({f"new_v_{name}": shape for name, shape in of.items()} if form.has_momentum else {})
