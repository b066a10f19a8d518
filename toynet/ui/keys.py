"""The keys under which Streamlit keeps something of ToyNet's for a tab: all of them, with one prefix.

Keys of containers are names for the style sheet alone, and stand where they are drawn.
"""

PREFIX = "toynet_"

SESSION = PREFIX + "session"
"""All that is no control: the tab's `Session`."""

# On every page.
UNDO = PREFIX + "undo"

# The Train page.
RESET = PREFIX + "reset"
TRAIN_PAUSE = PREFIX + "train_pause"
STEP = PREFIX + "step"
ONE_EPOCH = PREFIX + "one_epoch"
DOWNLOAD = PREFIX + "download"
SPEED = PREFIX + "speed"
X_AXIS = PREFIX + "x_axis"
SHOWS = PREFIX + "shows"
LOSS_AXIS = PREFIX + "loss_axis"
SMOOTHING = PREFIX + "smoothing"
RULER = PREFIX + "ruler"
PLAY = PREFIX + "play"
LOOK_BACK = PREFIX + "look_back"
TAKES = PREFIX + "takes"
BRANCH = PREFIX + "branch"
BEHIND = PREFIX + "behind"

# The Derivation page.
SECTION = PREFIX + "section"
LOOK_AT = PREFIX + "look_at"
SAMPLE = PREFIX + "sample"
SAMPLE_PICTURE = PREFIX + "sample_picture"
PHASE = PREFIX + "phase"
BACK = PREFIX + "back"
NEXT = PREFIX + "next"
MISTAKE = PREFIX + "mistake"
START = PREFIX + "start"
COMPARED_EPOCHS = PREFIX + "compared_epochs"
TRAIN_BOTH = PREFIX + "train_both"
ASKED = PREFIX + "asked"
EXAMPLE = PREFIX + "example"
NEW_EXAMPLE = PREFIX + "new_example"

# The sidebar.
UPLOAD = PREFIX + "upload"


def setting(name: str) -> str:
    """The control of a field of Config."""
    return f"{PREFIX}setting_{name}"


def answer(symbol: str, example: int, activation: str) -> str:
    """The field for the answer to an exercise; each example has its own."""
    return f"{PREFIX}answer_{symbol}_{example}_{activation}"


def text(language: str) -> str:
    """The download of a text to take away."""
    return f"{PREFIX}text_{language}"


def picture(name: str) -> str:
    """A chart of the Train page."""
    return f"{PREFIX}picture_{name}"


def zoomed(name: str) -> str:
    """The container of a chart that can be zoomed."""
    return f"{PREFIX}zoomed_{name}"
