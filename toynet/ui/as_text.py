"""What people typed, uploaded or put in an address, as Markdown that shows it letter by letter."""

import re

from toynet.datasets.tables import shortened

JOINER = "\u2060"
"""Nothing to see, and no letter: it parts what Streamlit would find in a text once its escapes are resolved."""

MOST = 300
"""Characters shown of a text at most."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
"""Control characters, and those that turn the direction of what follows them."""

_BROKEN = re.compile(
    r"(?<=:)(?=\S)"  # :red[x], :smile:, :material/home:, http://
    r"|(?<=www)(?=\.)|(?=@)"  # addresses that become links without http
    r"|(?<=[<>~=-])(?=[<>=-])",  # -> and its like, which become arrows
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"[\\`*\[\]<>$~|&]|^[#+=-]|(?<![^\W_])_|_(?![^\W_])")  # hidden_size is no emphasis
_NUMBERED = re.compile(r"^(\d{1,9})(?=[.)])")


def as_text(text, most=MOST):
    """A text as Markdown that shows nothing but this text, on one line.

    Streamlit takes Markdown, mathematics, its own directives, emoji and icon names and bare addresses in
    whatever it draws as a message, a caption or a label: an image in them would be loaded from anywhere.

    Parameters
    ----------
    text : str
    most : int
        Characters shown; of a longer text the rest is an ellipsis.

    Returns
    -------
    str
    """
    line = shortened(_UNSEEN.sub(" ", str(text)), most)
    return _NUMBERED.sub(r"\1\\", _ESCAPED.sub(r"\\\g<0>", _BROKEN.sub(JOINER, line)))
