"""What keeping runs costs, and how soon they are shown: `python tests/benchmarks/store.py` prints a table.

A store of 10,000 runs is made first; with `--store FILE` it is made there once and used again. Two dozen runs are
really trained, 1,000 rows each, and what is stored of them is copied under so many names, each with a rate and a seed
of its own and its own history on the disk. Server, browser and this program share the machine's processors; of two
that are compared each has its turn.
"""

import argparse
import itertools
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.app import ROOT, chromium, server
from tests.benchmarks.live import main_thread
from tests.benchmarks.websocket_session import Session
from toynet import Config, Store, Trainer, engines
from toynet.runs import database
from toynet.runs.keeping import Keeper, Kept
from toynet.runs.schema import chunks, runs, snapshots
from toynet.ui import keys

TEN = 10
"""Runs that are chosen."""

TURNS = 20
"""Tens of runs that have a name of their own, "ten-00" to "ten-19": as often ten others can be chosen."""

ROWS = 1000
"""Rows of a run."""

QUIET = 1500
"""Milliseconds in which nothing is painted any more, after which what was painted is the new picture."""

COLUMNS = ("epoch", "update", "samples_seen", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "grad_norm")
"""Those of a history that the page Runs draws."""

EPOCHS = {"full": 200_000, "mini": 100_000, "stochastic": 50_000}
"""What is trained with and without keeping, by batch mode: one or two seconds each."""

NOWHERE = "sqlite:////proc/no/such/folder/runs.db"
"""A store that cannot be written."""

PROBE = Path(__file__).with_name("runs_probe.js").read_text()


class Row(NamedTuple):
    """A line of the table. Where `ok` is None nothing is required."""

    measure: str
    required: str
    measured: str
    ok: bool | None = None


class Bench(NamedTuple):
    """What the measures work on: the large store's file, an empty one's, the browser, and the options."""

    large: Path
    empty: Path
    browser: Callable
    options: argparse.Namespace


# --- the store --------------------------------------------------------------------------


def make(path, number):
    """A store with so many runs."""
    store = Store(url(path))
    for trainer in trained():
        store.keep(trainer)
    rates = [round(0.01 * 1.1**i, 4) for i in range(40)]
    with database.writing(database.open_database(url(path))) as connection:
        models = connection.execute(sa.select(runs)).mappings().all()
        for i in range(number):
            model = models[i % len(models)]
            config = model["config"] | {"learning_rate": rates[i % len(rates)], "init_seed": i}
            copy(connection, model, run=f"run-{i:06d}", created=model["created"] + i, config=config)
        connection.execute(sa.delete(runs).where(runs.c.id.in_([model["id"] for model in models])))
    for turn in range(min(TURNS, number // TEN)):
        for i in range(TEN):
            store.describe(f"run-{turn * TEN + i:06d}", name=f"ten-{turn:02d}", note="one of ten", tags=["ten"])
    store.close()


def trained():
    """Two dozen runs that differ in data, hidden size, activation and batches, trained to their ends."""
    kinds = itertools.product(("moons", "circles", "spirals"), (4, 16), ("tanh", "relu"), ("full", "mini"))
    for dataset, hidden_size, activation, batch_mode in kinds:
        more = {"hidden_size": hidden_size, "activation": activation, "batch_mode": batch_mode}
        trainer = Trainer(Config(dataset=dataset, epochs=ROWS - 1, **more))
        trainer.run()
        yield trainer


def copy(connection, model, **changed):
    """Another run in the store, with a copy of this one's history and snapshots."""
    values = {name: value for name, value in {**model, **changed}.items() if name != "id"}
    made = connection.execute(sa.insert(runs).values(values)).inserted_primary_key[0]
    for table in (chunks, snapshots):
        columns = [column for column in table.c if column.name != "run_id"]
        copied = sa.select(sa.literal(made), *columns).where(table.c.run_id == model["id"])
        connection.execute(sa.insert(table).from_select(["run_id", *columns], copied))


def url(path):
    """The address of a store in a file."""
    return f"sqlite:///{path}"


@contextmanager
def in_environment(**variables):
    """Environment variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


# --- what is measured: functions of a Bench that return rows -----------------------------------


def reading(bench):
    """Size on the disk, and how long its contents take to be read."""
    path, store = bench.large, Store(url(bench.large))
    listed = store.runs()
    some = listed.run.iloc[:: max(len(listed) // TEN, 1)].tolist()[:TEN]
    rows, size = int(listed.rows.sum()), path.stat().st_size
    found = [
        Row(f"{len(listed):,} runs, {rows:,} rows", "", f"{size / 1e6:,.0f} MB, {size / rows:.0f} bytes a row"),
        Row("`Store.runs()`", "", milliseconds(store.runs, 5)),
        Row("`Store.history` of a run", "", milliseconds(lambda: store.history(some[0]), 20)),
        Row(f"`Store.curves` of {TEN} runs", "", milliseconds(lambda: [store.curves(r, COLUMNS) for r in some], 10)),
    ]
    store.close()
    command = [sys.executable, "-m", "toynet", "runs", "--csv", "/dev/null", "--force"]
    with in_environment(**{database.VARIABLE: url(path)}):
        process = lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: E731
        return [*found, Row("`python -m toynet runs --csv`", "", milliseconds(process, 3))]


def milliseconds(work, repetitions):
    """Of a call: the median, and between what."""
    took = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - started))
    return told(took)


def told(values):
    """The median of some milliseconds, the lowest and the highest."""
    return f"{statistics.median(values):,.0f} ms ({min(values):,.0f} to {max(values):,.0f})"


def opening(bench):
    """The page Runs from its address to what it shows: of this store, one of some runs and an empty one, in turns."""
    few = bench.empty.with_name("few.db")
    make(few, 2 * TEN)
    stores = {"an empty store": (bench.empty, "nothing"), f"{2 * TEN} runs": (few, "table")}
    stores["this store"] = bench.large, "table"
    with ExitStack() as stack:
        browser = stack.enter_context(bench.browser())
        pages = {name: stack.enter_context(serving(url(path)))[0] for name, (path, _) in stores.items()}
        took = {name: [] for name in stores}
        for _ in range(bench.options.rounds + 1):  # the first is the one that a server has to load for
            for name, (_, what) in stores.items():
                took[name].append(opened(browser, pages[name], what))
    empty, some, large = (statistics.median(times[1:]) for times in took.values())
    return [
        *(Row(f"page Runs opened, {name}", "", f"{told(t[1:])}, the first {t[0]:,.0f} ms") for name, t in took.items()),
        Row("this store's over the empty one's", "<= 1000 ms", f"{large - empty:+,.0f} ms", large - empty <= 1000),
        Row(f"this store's over that of {2 * TEN} runs", "", f"{large - some:+,.0f} ms"),
    ]


@contextmanager
def serving(address):
    """A server whose store this is: its address and its process."""
    with in_environment(**{database.VARIABLE: address}), server() as served:
        yield served


@contextmanager
def tab(browser):
    """A tab of a browser that has never seen the app."""
    with browser.new_context(viewport={"width": 1400, "height": 1000}) as context:
        page = context.new_page()
        page.add_init_script(PROBE)
        page.devtools = context.new_cdp_session(page)
        page.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        yield page


def opened(browser, address, what):
    """Milliseconds from its address until something stands on the page."""
    time.sleep(2.5)  # for who comes while the list is fresh it is not read anew
    with tab(browser) as page:
        return visit(page, address, what)


def visit(page, address, what="table"):
    """Open the page Runs; returns after how many milliseconds something stood on it."""
    page.goto(f"{address}/runs", wait_until="commit")
    page.wait_for_function(f"probe.{what}")
    return page.evaluate(f"probe.{what}")


def choosing(bench):
    """Ten runs chosen: all at once in a server that has read none of them, and the last of ten clicks."""
    at_once, clicked, removed = [], [], []
    with serving(url(bench.large)) as (address, process), bench.browser() as browser, tab(browser) as page:
        visit(page, address)
        for turn in range(bench.options.rounds):
            search(page, f"ten-{turn:02d}")
            at_once.append(painted_after(page, process, lambda: click_row(page, -1)))
            removed.append(painted_after(page, process, lambda: click_row(page, 3)))
            clicked.append(painted_after(page, process, lambda: click_row(page, 3)))
            page.get_by_role("button", name="Choose none").click()
            at_rest(page)
    return [
        *drawn(f"{TEN} runs chosen at once", at_once),
        *drawn("the tenth run chosen", clicked),
        *drawn("one run of ten let go", removed),
    ]


def search(page, text):
    """Type into the field Search, and wait for the table."""
    page.get_by_label("Search", exact=True).fill(text)
    page.get_by_label("Search", exact=True).press("Enter")
    at_rest(page)


def at_rest(page):
    """Wait until the page's script has run to its end, and a moment more."""
    page.wait_for_timeout(250)
    page.locator("[data-test-script-state=notRunning]").wait_for(state="attached")
    page.wait_for_timeout(QUIET)


def click_row(page, row):
    """Click the check box of a row of the table; that of its header is row -1."""
    box = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 18 + 35 * (row + 1))


def painted_after(page, process, act):
    """Do something, and wait until nothing is painted any more.

    Picture -> milliseconds after the click or key; and how long the server's process and the page's main thread worked.
    """
    before = worked(page, process)
    act()
    while True:
        page.wait_for_timeout(250)
        page.locator("[data-test-script-state=notRunning]").wait_for(state="attached")
        at = page.evaluate("({now: performance.now(), input: probe.input, painted: probe.painted})")
        if at["now"] - max(at["input"], *at["painted"].values()) > QUIET:
            painted = {name: when - at["input"] for name, when in at["painted"].items() if when > at["input"]}
            return painted | {"worked": worked(page, process) - before}


def worked(page, process):
    """Milliseconds that the server's process and the page's main thread have worked, each in its own time."""
    return 1000 * (sum(process.cpu_times()[:2]) + main_thread(page.devtools))


def drawn(what, found):
    """Rows: how long until curves and boundaries were drawn."""
    curves = [painted.get("comparison", math.inf) for painted in found]
    return [
        Row(f"{what}: curves drawn", "<= 1000 ms", told(curves), statistics.median(curves) <= 1000),
        boundaries_drawn(what, found),
        Row(f"{what}: server and page work", "", told([painted["worked"] for painted in found])),
    ]


def boundaries_drawn(what, found):
    """The row of how long it took until the last boundary was drawn."""
    last = [max((t for n, t in p.items() if n.startswith("boundary")), default=math.inf) for p in found]
    return Row(f"{what}: boundaries drawn", "<= 1000 ms", told(last), statistics.median(last) <= 1000)


def moving(bench):
    """The table scrolled, its pages turned, and the slider of ten boundaries moved."""
    rounds = range(bench.options.rounds)
    with serving(url(bench.large)) as (address, process), bench.browser() as browser, tab(browser) as page:
        visit(page, address)
        page.wait_for_timeout(QUIET)
        scrolled = wheel(page)
        page.mouse.move(5, 5)  # the table's own buttons stand over the next one while the mouse is over it
        page.wait_for_timeout(QUIET)
        more = page.locator("[class*=runs_page]").get_by_test_id("stNumberInputStepUp")
        turned = [painted_after(page, process, more.click) for _ in rounds]
        search(page, "ten-00")
        painted_after(page, process, lambda: click_row(page, -1))
        page.locator(".st-key-at").get_by_role("slider").focus()
        moved = [painted_after(page, process, lambda: page.keyboard.press("ArrowLeft")) for _ in rounds]
    slider = f"slider of {TEN} boundaries moved"
    return [
        Row("table scrolled: until it is painted", "", told(scrolled)),
        Row("a page of the table turned: until it is painted", "", told([painted["table"] for painted in turned])),
        boundaries_drawn(slider, moved),
        Row(f"{slider}: server and page work", "", told([painted["worked"] for painted in moved])),
    ]


def wheel(page, turns=60):
    """Milliseconds from each turn of the wheel over the table until it is painted."""
    box = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 150)
    for _ in range(turns):
        page.mouse.wheel(0, 90)
        page.wait_for_timeout(40)
    return page.evaluate("probe.scrolled")


# --- the cost of keeping ---------------------------------------------------------------------


def keeping(bench):
    """The same run trained with and without keeping, in turns: time, and the processor's time of the whole process."""
    engines.load_from_disk()
    found = []
    for mode, epochs in EPOCHS.items():
        turns = [(timed(mode, epochs, False), timed(mode, epochs, True)) for _ in range(3 * bench.options.rounds)]
        bare, kept = ([turn[i] for turn in turns] for i in (0, 1))
        rate = epochs / min(seconds for seconds, _ in bare)
        more = 100 * (min(seconds for seconds, _ in kept) / min(seconds for seconds, _ in bare) - 1)
        ratios = [100 * (its / work - 1) for (_, work), (_, its) in turns]
        middle, (low, _, high) = statistics.median(ratios), statistics.quantiles(ratios)
        told = f"{middle:+.1f} % (half of {len(ratios)} turns {low:+.1f} to {high:+.1f})"
        found += [
            Row(f"keeping, {mode}: time more, of the fastest turns", "<= 5 %", f"{more:+.1f} % ({rate:,.0f} epochs a "
                "second without)", more <= 5),
            Row(f"keeping, {mode}: processor time more", "<= 5 %", told, middle <= 5),
        ]  # fmt: skip
    return found


def timed(mode, epochs, is_kept):
    """Train as the shell does: (seconds, processor seconds of the process until all is written)."""
    trainer = Trainer(Config(batch_mode=mode, epochs=1_000_000), engine="compiled")
    trainer.run(epochs=1000)
    with tempfile.TemporaryDirectory() as folder:
        keeper, kept = Keeper(lambda: Store(url(Path(folder) / "runs.db"))), Kept()
        if is_kept:  # the tables are made before
            keeper.note(kept, trainer, True)
            keeper.flush()
        started, worked = time.perf_counter(), time.process_time()
        while trainer.epoch < epochs:
            trainer.run(epochs - trainer.epoch, seconds=0.1)
            if is_kept:
                keeper.note(kept, trainer, True)
        seconds = time.perf_counter() - started
        keeper.close()
        return seconds, time.process_time() - worked


def frames(bench):
    """The app's frames while it trains, with a store and with one that cannot be written, in turns."""
    config = Config(batch_mode="full", epochs=1_000_000)
    with_store, without = [], []
    for _ in range(max(bench.options.rounds // 2, 2)):
        with tempfile.TemporaryDirectory() as folder:
            without.append(watched(config, NOWHERE, Path(folder) / "noted", bench.options.seconds))
            with_store.append(watched(config, url(f"{folder}/runs.db"), Path(folder) / "noted", bench.options.seconds))
    (rate, gap, noted), (its, its_gap, _) = (
        [statistics.median(column) for column in zip(*turns, strict=True)] for turns in (with_store, without)
    )
    longest = max(turn[2] for turn in with_store)
    return [
        Row("frames a second over those of a store that cannot be written", ">= 0.98",
            f"{rate / its:.2f} ({rate:.2f}, {its:.2f})", rate / its >= 0.98),
        Row("longest time from frame to frame", "", f"{gap:,.0f} ms ({its_gap:,.0f} ms)"),
        Row("longest handing over of all frames", "<= 20 ms", f"{longest:.1f} ms (usual longest: {noted:.1f} ms)",
            longest <= 20),
    ]  # fmt: skip


def watched(config, address, noted, seconds):
    """A session that trains at full speed: frames a second, the longest gap, and the longest handing over, in ms."""
    noted.write_text("")
    script = Path(__file__).with_name("noting_app.py")
    with in_environment(**{database.VARIABLE: address, "NOTED": str(noted)}), server(script) as (page, _):
        session = Session(page, "&".join(f"{name}={value}" for name, value in config.to_dict().items() if value != ""))
        time.sleep(4)  # until the compiled engine is there
        session.choose(keys.SPEED, "Max")
        session.press(keys.TRAIN_PAUSE)
        time.sleep(3)
        before = len(noted.read_text().split())
        start = len(session.frames)
        time.sleep(seconds)
        times, took = session.frames[start:], noted.read_text().split()[before:]
        session.close()
    gaps = [b - a for a, b in itertools.pairwise(times)]
    return (len(times) - 1) / (times[-1] - times[0]), 1000 * max(gaps), 1000 * max(map(float, took))


def killing(bench):
    """How much of what the shell's progress bar has shown is not stored when it is killed, as seconds of training."""
    lost = [1000 * lost_by_a_kill(mode, 1 + 0.37 * n) for n in range(bench.options.rounds) for mode in EPOCHS]
    return [Row("training lost by SIGKILL, of the longest", "<= 1000 ms", told(lost), max(lost) <= 1000)]


def lost_by_a_kill(mode, seconds):
    """Train this long from the first record on, kill; returns seconds of training from the last record to the bar."""
    command = [sys.executable, "-m", "toynet", "train", "--keep", "--csv", os.devnull]
    command += ["--batch-mode", mode, "--samples", "5000", "--epochs", "1000000", "--record-every", "1000"]
    with tempfile.TemporaryDirectory() as folder:
        path, bar = Path(folder) / "runs.db", Path(folder) / "bar"
        store = Store(url(path))
        with in_environment(**{database.VARIABLE: url(path)}), bar.open("wb") as stderr:
            process = subprocess.Popen(command, cwd=ROOT, stderr=stderr)
        while store.runs().empty and process.poll() is None:
            time.sleep(0.01)
        time.sleep(seconds)
        process.kill()
        process.wait()
        run = store.runs().iloc[0]
        shown = int(re.findall(rb"(\d+)/\d+ \[", bar.read_bytes())[-1])
        store.close()
    return max(shown - run.epoch, 0) * run.seconds / run.epoch


# --- the program -------------------------------------------------------------------------------

MEASURES = {f.__name__: f for f in (reading, opening, choosing, moving, keeping, frames, killing)}


def arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=MEASURES, help="measure only these")
    parser.add_argument("--store", type=Path, help="where the large store is, or is to be made; else it is thrown away")
    parser.add_argument("--runs", type=int, default=10_000, help="of the large store, where it is made")
    parser.add_argument("--rounds", type=int, default=5, help="of each comparison")
    parser.add_argument("--seconds", type=int, default=20, help="of training in the app")
    return parser.parse_args()


def main():
    """Measure and print."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        large = options.store or Path(folder) / "large.db"
        if not large.exists():
            make(large, options.runs)
        print(
            f"{date.today()}, {os.cpu_count()} processors, load before {os.getloadavg()[0]:.1f}\n\n"
            "| measure | required | measured | ok |\n|---|---|---|---|",
            flush=True,
        )
        bench = Bench(large, Path(folder) / "empty.db", chromium, options)
        for name in options.only:
            for row in MEASURES[name](bench):
                verdict = "" if row.ok is None else "yes" if row.ok else "**no**"
                print(f"| {row.measure} | {row.required} | {row.measured} | {verdict} |", flush=True)
    print(f"\nLoad after: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
