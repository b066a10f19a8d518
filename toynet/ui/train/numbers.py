"""The six numbers of the Train page and its bar, as one piece of HTML: it is drawn ten times a second."""

import html

from toynet.derivation.numerals import text


def numbers_html(present, has_test, target, proof, beside=""):
    """The numbers as HTML.

    Parameters
    ----------
    present : dict
        The present row: column -> number.
    has_test : bool
        Whether there is a test part.
    target : int
        The epoch to end at.
    proof : tuple of (str, str)
        Class ("right", "wrong", "unknown") and words of the gradient check.
    beside : str
        HTML of what is said of the runs beside this one.
    """
    numbers = {
        "Epoch": f"{present['epoch']:,}",
        "Update": f"{present['update']:,}",
        "Train loss": loss(present["train_loss"]),
        "Test loss": loss(present["test_loss"]) if has_test else "–",
        "Test accuracy": f"{present['test_accuracy']:.1%}" if has_test else "–",
        "Gradient norm": text(present["grad_norm"], 3),
    }
    cells = "".join(_cell(label, value) for label, value in numbers.items())
    done = min(present["epoch"] / target, 1.0)
    verdict, words = proof
    return (
        f'<div class="numbers">{cells}<div class="progress"><div>Epoch {present["epoch"]:,} of {target:,}</div>'
        f'<div class="{verdict}">{html.escape(words)}</div><div class="bar" role="progressbar" '
        f'aria-label="Epochs" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{100 * done:.0f}">'
        f'<div style="width: {100 * done:.2f}%"></div></div></div>{beside}</div>'
    )


def loss(value):
    """A loss: four decimals where they have room, else three significant digits."""
    return f"{value:.4f}" if 1e-4 <= abs(value) < 1e4 or value == 0 else text(value, 3)


def _cell(label, value):
    # The names that Streamlit's own metrics have: style sheet, tests and guides find them by these.
    return (
        f'<div data-testid="stMetric"><div data-testid="stMetricLabel">{label}</div>'
        f'<div data-testid="stMetricValue">{html.escape(value)}</div></div>'
    )
