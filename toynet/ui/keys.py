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
TAKES = PREFIX + "takes"
BRANCH = PREFIX + "branch"
COMPARE = PREFIX + "compare"
BEHIND = PREFIX + "behind"
PLAN = PREFIX + "plan"
LUCK = PREFIX + "luck"
RACE = PREFIX + "race"
LEVEL = PREFIX + "level"
CHANCE = PREFIX + "chance"
CHANCE_A = PREFIX + "chance_a"
CHANCE_B = PREFIX + "chance_b"
CHANCE_SEEDS = PREFIX + "chance_seeds"
CHANCE_START = PREFIX + "chance_start"

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

# The page Runs.
RUNS_SEARCH = PREFIX + "runs_search"
RUNS_STATES = PREFIX + "runs_states"
RUNS_SORT = PREFIX + "runs_sort"
RUNS_ORDER = PREFIX + "runs_order"
RUNS_COLUMNS = PREFIX + "runs_columns"
RUNS_PAGE = PREFIX + "runs_page"
RUNS_CLEAR = PREFIX + "runs_clear"
RUNS_TABLE = PREFIX + "runs_table"
RUNS_MEASURE = PREFIX + "runs_measure"
RUNS_BY = PREFIX + "runs_by"
RUNS_OPEN = PREFIX + "runs_open"
RUNS_GO_ON = PREFIX + "runs_go_on"
RUNS_DELETE = PREFIX + "runs_delete"
UNDO_DELETE = PREFIX + "undo_delete"
EXPORT_PICTURE = PREFIX + "export_picture"
IMPORT = PREFIX + "import"
IMPORT_POPOVER, EXPORT_POPOVER = PREFIX + "import_popover", PREFIX + "export_popover"

# The page Sweep.
AS_CODE = PREFIX + "as_code"
SWEPT = PREFIX + "swept"
SWEEP_SEEDS = PREFIX + "sweep_seeds"
SWEEP_START = PREFIX + "sweep_start"
SWEEP_GO_ON = PREFIX + "sweep_go_on"
SWEEP_DOWNLOAD = PREFIX + "sweep_download"
SWEEP_MEASURE = PREFIX + "sweep_measure"
SWEEP_LEVEL = PREFIX + "sweep_level"
SWEEP_COLOURS = PREFIX + "sweep_colours"
SWEEP_VIEW = PREFIX + "sweep_view"
SWEEP_KEPT = PREFIX + "sweep_kept"
SWEEP_OPEN = PREFIX + "sweep_open_kept"
SWEEP_NAME = PREFIX + "sweep_name"
SWEEP_DELETE = PREFIX + "sweep_delete"
SWEEP_GROUPS = PREFIX + "sweep_groups"
SWEEP_CLOSE = PREFIX + "sweep_close"
SWEEP_LAST = PREFIX + "sweep_last"

# The sidebar.
UPLOAD = PREFIX + "upload"
INPUTS_OF = PREFIX + "inputs_of"


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


def lanes(setting: str) -> str:
    """The values of a race over a setting."""
    return f"{PREFIX}lanes_{setting}"


def zoomed(name: str) -> str:
    """The container of a chart that can be zoomed."""
    return f"{PREFIX}zoomed_{name}"


def look_back(run: str, turn: int) -> str:
    """The slider that rewinds a run; each time that it is moved from elsewhere it is another one."""
    return f"{PREFIX}look_back_{run}_{turn}"


def runs_with(setting: str) -> str:
    """The filter of the table of runs by a setting."""
    return f"{PREFIX}runs_with_{setting}"


def runs_at(column: str) -> str:
    """The slider that moves the boundaries of several runs along an axis."""
    return f"{PREFIX}runs_at_{column}"


def describe(run: str) -> str:
    """The fields for what people say of a run begin with this."""
    return f"{PREFIX}describe_{run}"


def export(kind: str) -> str:
    """The download of a form of a run."""
    return f"{PREFIX}export_{kind}"


def sweep_values(setting: str) -> str:
    """The values of a setting that is swept."""
    return f"{PREFIX}sweep_values_{setting}"


def sweep_at(setting: str) -> str:
    """The value at which the map stands of a setting that it has no room for."""
    return f"{PREFIX}sweep_at_{setting}"


def sweep_picture(name: str) -> str:
    """A picture of the page Sweep."""
    return f"{PREFIX}sweep_picture_{name}"


def sweep_open(letter: str) -> str:
    """The way to Train of a chosen cell."""
    return f"{PREFIX}sweep_open_{letter}"


def sweep_let_go(letter: str) -> str:
    """The button that lets go of a chosen cell."""
    return f"{PREFIX}sweep_let_go_{letter}"


def sweep_curves(letter: str) -> str:
    """The button that trains a cell's seeds again."""
    return f"{PREFIX}sweep_curves_{letter}"


def sweep_fan(letter: str) -> str:
    """The curves of a chosen cell."""
    return f"{PREFIX}sweep_fan_{letter}"
