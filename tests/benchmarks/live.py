"""How live is live: `python tests/benchmarks/live.py` measures the dashboard and prints a table.

Server, browser and this program share the machine's processors, as they do for somebody who
uses ToyNet on their own machine. The figures are worth no more than the machine is quiet:
the load before and after is printed around the table.
"""

import argparse
import math
import os
import platform
import statistics
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import streamlit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.app import ROOT, chromium, server
from tests.benchmarks.websocket_session import Session
from toynet.config import Config
from toynet.derivation.numerals import text
from toynet.training import Trainer
from toynet.ui import keys
from toynet.ui.experiment import SPEEDS
from toynet.ui.train.numbers import loss

CONFIG = Config(samples=400, hidden_size=16, batch_mode="stochastic", epochs=1_000_000)
"""What is trained; in any other mode a million epochs would end before a minute has passed."""

UNTIL_COMPILED = 4
"""Seconds after which a server has loaded the compiled engine from the disk's cache."""

FIVE = [
    replace(CONFIG, dataset=dataset, hidden_size=14 + i)
    for i, dataset in enumerate(("moons", "circles", "blobs", "quantiles", "spirals"))
]
"""What the five sessions train: no two the same, 16 hidden units on average."""

SMALLEST = Path(__file__).with_name("smallest_app.py")

PROBE = Path(__file__).with_name("page_probe.js").read_text() + f"probe.points = {CONFIG.samples};"

NEVER = math.inf
"""The time of what was waited for and did not come."""


class Row(NamedTuple):
    """A line of the table. Where `ok` is None nothing is required."""

    measure: str
    required: str
    measured: str
    ok: bool | None


# --- the page ------------------------------------------------------------------------------


@contextmanager
def tab(browser):
    """An empty tab of a browser that has never seen the dashboard; `received` lists what WebSockets bring, in bytes."""
    with browser.new_context(viewport={"width": 1400, "height": 1000}) as context:
        page = context.new_page()
        page.add_init_script(PROBE)
        page.received = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda data: page.received.append(len(data))))
        yield page


def visit(page, url, picture="usefulPicture", plan=""):
    """Open the dashboard; return when (`time.time`) field and points of the boundary stood, or another picture."""
    page.goto(f"{url}/?{query(CONFIG)}{plan}", wait_until="commit")
    page.wait_for_function(f"probe.{picture}")
    return page.evaluate(f"performance.timeOrigin + probe.{picture}") / 1000


def query(config):
    """The query string of a config."""
    return "&".join(f"{name}={value}" for name, value in config.to_dict().items() if value != "")


@contextmanager
def ready(browser, speed, root=ROOT, plan=""):
    """The page a few seconds after it was opened, with its speed chosen, and the server's process."""
    with server(root=root) as (url, process), tab(browser) as page:
        visit(page, url, plan=plan)
        page.wait_for_timeout(1000 * UNTIL_COMPILED)
        page.locator("[class*=speed] button").get_by_text(speed, exact=True).click()
        page.wait_for_timeout(500)
        yield page, process


@contextmanager
def training(browser, speed, plan=""):
    """The page a few seconds after the press on Train, and the server's process."""
    with ready(browser, speed, plan=plan) as (page, process):
        press(page, "Train")
        page.wait_for_timeout(3000)
        yield page, process


def press(page, label):
    """Click a button with the mouse."""
    page.get_by_role("button", name=label, exact=True).click()


# --- what is measured: functions of browser and options that return rows ---------------------


def frames(browser, options):
    """Frames, rebuilt charts, blank frames and bytes while the page trains."""
    with training(browser, options.speed) as (page, _):
        seen, busy, seconds, rate, kilobytes = _rated(page, options.seconds)
    rebuilt = max(seen["canvasesAdded"], seen["canvasesRemoved"])
    blank = max(seen["withoutField"], seen["blankPixels"])
    others = f"epoch changed {seen['epochs'] / seconds:.1f}, field {seen['fields'] / seconds:.1f} times a second"
    during = f"in {seconds:.0f} s of training"
    return [
        Row("frames painted a second (the slowest chart)", ">= 9", f"{rate:.1f} ({others})", rate >= 9),
        Row(f"charts rebuilt {during}", "0", f"{rebuilt}", rebuilt == 0),
        Row(f"blank boundary frames {during}", "0", f"{blank} of {seen['painted']['boundary']}", blank == 0),
        Row("received a frame", "<= 60 kB", f"{kilobytes:.1f} kB", kilobytes <= 60),
        Row("browser's main thread a frame", "", f"{busy:.1f} ms", None),
    ]


def _rated(page, seconds):
    """What the probe saw, the main thread's milliseconds a frame, in how many seconds, frames a second, kB a frame."""
    page.received.clear()
    started = time.perf_counter()
    seen, busy = watched(page, seconds)
    seconds, received = time.perf_counter() - started, sum(page.received)
    painted = min(seen["painted"].values())
    return seen, busy, seconds, painted / seconds, received / 1000 / max(painted, 1)


MANY = {
    "10 seeds": "&luck=10",
    "a race of 3 batch modes": "&race=batch_mode&lanes=full,mini,stochastic",
    "a race of 9 learning rates": "&race=learning_rate&lanes=0.01,0.02,0.03,0.05,0.1,0.2,0.3,0.5,1.0",
}
"""What is trained at once -> how an address says so."""


def many(browser, options):
    """Frames and bytes while the page trains many runs at once, and while another tab sweeps."""
    rows = []
    for name, plan in MANY.items():
        with training(browser, options.speed, plan) as (page, _):
            seen, busy, _, rate, kilobytes = _rated(page, options.seconds)
        blank = max(seen["withoutField"], seen["blankPixels"])
        told = f"{rate:.1f} (main thread {busy:.0f} ms a frame, {blank} blank)"
        is_bound = name == "10 seeds"
        required = (">= 9", "<= 80 kB") if is_bound else ("", "")
        rows.append(Row(f"frames painted a second: {name}", required[0], told, rate >= 9 if is_bound else None))
        fits = kilobytes <= 80 if is_bound else None
        rows.append(Row(f"received a frame: {name}", required[1], f"{kilobytes:.1f} kB", fits))
    return rows + _beside_a_sweep(browser, options)


def _beside_a_sweep(browser, options):
    with server() as (url, _), tab(browser) as page, tab(browser) as other:
        visit(page, url)
        page.wait_for_timeout(1000 * UNTIL_COMPILED)
        other.goto(f"{url}/sweep?epochs=5000&batch_mode=mini")
        other.get_by_test_id("stNumberInput").filter(has_text="Seeds").get_by_role("spinbutton").fill("100")
        other.keyboard.press("Enter")
        other.wait_for_timeout(1500)
        press(other, "Sweep")
        other.get_by_role("button", name="Stop", exact=True).wait_for()
        press(page, "Train")
        page.wait_for_timeout(3000)
        _, busy, _, rate, _ = _rated(page, options.seconds)
        runs = other.locator(".numbers .progress").inner_text().splitlines()[0]
        press(other, "Stop")
        other.get_by_role("button", name="Sweep", exact=True).wait_for()
    told = f"{rate:.1f} (main thread {busy:.0f} ms a frame; the sweep: {runs})"
    return [Row("frames painted a second while another tab sweeps", ">= 9", told, rate >= 9)]


def watched(page, seconds):
    """What the probe sees for so long, and the milliseconds that the page's main thread works for a frame."""
    devtools = page.context.new_cdp_session(page)
    # In the thread's own time: what it waited for other processes is none of its work.
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate("probe.restart()")
    before = main_thread(devtools)
    page.wait_for_timeout(1000 * seconds)
    seen, busy = page.evaluate("probe"), main_thread(devtools) - before
    devtools.detach()
    return seen, 1000 * busy / max(min(seen["painted"].values()), 1)


def main_thread(devtools):
    """Seconds that the page's main thread has worked."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def lighter(browser, options):
    """The browser's main thread beside that of another version, each in its turn."""
    if not options.beside:
        return []
    ratios = []
    with ready(browser, options.speed) as (this, _), ready(browser, options.speed, options.beside) as (other, _):
        for _ in range(options.rounds):
            mine, its = (one_turn(page, 6) for page in (this, other))
            ratios.append(mine / its)
    told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    middle = statistics.median(ratios)
    name = f"main thread a frame over that of {options.beside.name}, median of {len(ratios)}"
    return [Row(name, "<= 0.6", f"{middle:.2f} ({told})", middle <= 0.6)]


def one_turn(page, seconds):
    """Milliseconds of the main thread a frame of a page that trains for this long."""
    page.bring_to_front()
    press(page, "Train")
    page.wait_for_timeout(2000)
    busy = watched(page, seconds)[1]
    press(page, "Pause")
    page.wait_for_timeout(1000)
    return busy


def clicks(browser, options):
    """How soon Pause and Train take effect, beside the smallest app's button, and whether they rebuild a chart."""
    times = {"Pause": [], "Train": []}
    smallest = presses(browser, options.clicks)
    with training(browser, options.speed) as (page, _):
        page.evaluate("probe.restart()")
        for i in range(2 * options.clicks):
            page.wait_for_timeout(37 * i % 100)  # so that clicks fall on all parts of a frame
            label = page.locator("[class*=train_pause]").inner_text()
            times[label].append(effect(page, label))
        rebuilt = page.evaluate("probe.canvasesAdded")
    return [
        *(timed(f"{label} takes effect", ms, 250, "ms") for label, ms in times.items()),
        *(over_smallest(f"{label}'s effect", ms, smallest, 3, "ms") for label, ms in times.items()),
        Row(f"charts rebuilt by these {2 * options.clicks} clicks", "0", f"{rebuilt}", rebuilt == 0),
    ]


def effect(page, label):
    """Milliseconds from a click until the page shows what it does.

    That is the button's other label and, for Train, the first new Update number; for
    Pause, the last one (of the 1.2 s that this waits).
    """
    press(page, label)
    page.wait_for_timeout(1200)
    click = page.evaluate("probe.click")
    update = click.get("firstUpdate", NEVER) if label == "Train" else click.get("lastUpdate", 0)
    return max(click.get("label", NEVER), update) - click["at"]


def presses(browser, number):
    """Milliseconds from a click on the smallest app's button until its label has changed."""
    times = []
    with server(SMALLEST) as (url, _), tab(browser) as page:
        visit(page, url, "firstPicture")
        page.wait_for_timeout(1000)
        for i in range(number):
            press(page, f"Pressed {i}")
            page.wait_for_timeout(500)
            click = page.evaluate("probe.click")
            times.append(click.get("label", NEVER) - click["at"])
    return times


def over_smallest(measure, values, smallest, limit, unit, digits=0):
    """A row for the ratio of some times to those of the smallest app, of their medians."""
    ratio = statistics.median(values) / statistics.median(smallest)
    its = f"{statistics.median(smallest):.{digits}f} {unit}"
    return Row(f"{measure} over the smallest app's", f"<= {limit}", f"{ratio:.2f} (its: {its})", ratio <= limit)


def timed(measure, values, limit, unit, digits=0):
    """A row for the median of some times."""
    middle = statistics.median(values)
    first, median, last = (f"{v:.{digits}f}" if v < NEVER else "never" for v in (min(values), middle, max(values)))
    measured = f"{median} {unit} ({first} to {last})"
    return Row(f"{measure}, median of {len(values)}", f"<= {limit} {unit}", measured, middle <= limit)


def memory(browser, options):
    """What server and page keep, ten epochs a frame (of which the history keeps a row each).

    So the curves are as fine as they become before the first moment: what grows after it, grows for ever.
    Each moment is read on a server and a page of its own: a garbage collection that is
    asked for during training itself leaves about 0.3 MB, up to some 7 MB.
    """
    limits = {"server": (10, "MB"), "page's JavaScript heap": (3, "MB"), "page's DOM": (100, "nodes")}
    readings = []
    for number in (200, 200 + options.frames):
        with training(browser, "10") as (page, process):
            readings.append(after_frames(number, page, process))
    found = []
    for (what, (limit, unit)), before, after in zip(limits.items(), *readings, strict=True):
        measured = f"{after - before:+.1f} of {before:.0f} {unit}"
        found.append(
            Row(f"{what} grows over {options.frames:,} frames", f"< {limit} {unit}", measured, after - before < limit)
        )
    return found


def after_frames(number, page, process):
    """MB of the server, MB of the page's heap and DOM nodes after so many frames, as little as five readings show."""
    painted = "Math.min(...Object.values(probe.painted))"
    page.wait_for_function(f"{painted} >= {number}", polling=200, timeout=10 * 60_000)
    devtools, readings = page.context.new_cdp_session(page), []
    devtools.send("Performance.enable")
    for _ in range(5):
        devtools.send("HeapProfiler.collectGarbage")
        now = {metric["name"]: metric["value"] for metric in devtools.send("Performance.getMetrics")["metrics"]}
        readings.append((resident(process), now["JSHeapUsedSize"] / 1e6, now["Nodes"]))
        page.wait_for_timeout(170)
    devtools.detach()
    return [min(kind) for kind in zip(*readings, strict=True)]


def resident(process):
    """MB a process keeps in memory."""
    return process.memory_info().rss / 1e6


def idle(browser, options):
    """What the server does from 2 to 5 s after the tab was closed in mid-training."""
    with training(browser, options.speed) as (page, process):
        busy = busyness(process)
        page.close()
        time.sleep(2)
        rest = busyness(process)
    return [Row("server, 2 s after the tab is closed", "< 5 % CPU", f"{rest:.1f} % (before: {busy:.0f} %)", rest < 5)]


def busyness(process, seconds=3):
    """Percent of one processor that a process uses."""
    before = process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    return 100 * (after.user + after.system - before.user - before.system) / seconds


def sessions(browser, options):
    """One WebSocket client that trains alone, then five at once, and a sixth that only watches."""
    with server() as (url, _):
        watcher = Session(url, query(CONFIG))
        time.sleep(UNTIL_COMPILED)
        alone = [Session(url, query(CONFIG))]
        five = [Session(url, query(config)) for config in FIVE]
        _, speed_of_one = together(alone, options)
        rates, speed_of_five = together(five, options)
        watcher.rerun()
        for session in (*alone, *five, watcher):
            session.close()
    configs = (CONFIG, *FIVE, CONFIG)
    strangers = sum(not own(s, config) for s, config in zip((*alone, *five, watcher), configs, strict=True))
    slowest, gain = f"{min(rates):.1f} (the others up to {max(rates):.1f})", speed_of_five / speed_of_one
    return [
        Row("frames a second, slowest of five sessions", ">= 9", slowest, min(rates) >= 9),
        Row("epochs a second of five sessions over those of one", ">= 1.5", f"{gain:.2f}", gain >= 1.5),
        Row("sessions whose numbers are not those of their own settings", "0", f"{strangers} of 7", strangers == 0),
    ]


def together(sessions, options):
    """Train these at once: frames a second of each, epochs a second of all."""
    for session in sessions:
        session.choose(keys.SPEED, options.speed)
        session.press(keys.TRAIN_PAUSE)
    time.sleep(3)
    before = [(len(session.frames), number(session, "Epoch")) for session in sessions]
    time.sleep(options.seconds)
    after = [(len(session.frames), number(session, "Epoch")) for session in sessions]
    for session in sessions:
        session.press(keys.TRAIN_PAUSE)
    gained = [((b - a) / options.seconds, e - d) for (a, d), (b, e) in zip(before, after, strict=True)]
    return [rate for rate, _ in gained], sum(done for _, done in gained) / options.seconds


def number(session, label):
    """The whole number that a session shows under this label."""
    return int(session.numbers[label].replace(",", ""))


def own(session, config):
    """Whether a session shows what its settings give when they are trained alone."""
    trainer = Trainer(config, engine="compiled")
    trainer.run(epochs=number(session, "Epoch"))
    while trainer.update < number(session, "Update"):
        trainer.step()
    last = trainer.present()
    return session.numbers["Train loss"] == loss(last["train_loss"]) and (
        session.numbers["Gradient norm"] == text(last["grad_norm"], 3)
    )


def start(browser, options):
    """The first useful picture: of a server that has just been started, and of one that has served before."""
    cold, warm, smallest = [], [], []
    for _ in range(options.starts):
        of_cold, of_warm = first_pictures(browser, "dashboard.py", "usefulPicture")
        cold.append(of_cold)
        warm.append(of_warm)
        smallest.append(first_pictures(browser, SMALLEST, "firstPicture")[1])
    return [
        over_smallest("first useful picture, warm server,", warm, smallest, 1.4, "s", digits=2),
        timed("first useful picture, warm server", warm, 2, "s", digits=1),
        timed("first useful picture after `streamlit run`", cold, 6, "s", digits=1),
    ]


def first_pictures(browser, script, picture):
    """Seconds until it stands: of a server that has just been started, and of one that has served before."""
    with tab(browser) as first, tab(browser) as second:
        asked = time.time()
        with server(script) as (url, _):
            cold = visit(first, url, picture) - asked
            first.close()
            asked = time.time()
            return cold, visit(second, url, picture) - asked


# --- the program -------------------------------------------------------------------------------

MEASURES = {f.__name__: f for f in (frames, many, lighter, clicks, memory, idle, sessions, start)}


def arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=MEASURES, help="measure only these")
    parser.add_argument("--speed", choices=SPEEDS, default="Max", help="epochs a frame (memory: always 10)")
    parser.add_argument("--seconds", type=int, default=60, help="of training: frames, sessions")
    parser.add_argument("--beside", type=Path, help="directory of another version to compare the main thread with")
    parser.add_argument("--rounds", type=int, default=5, help="of that comparison")
    parser.add_argument("--clicks", type=int, default=10, help="on Pause and on Train")
    parser.add_argument("--frames", type=int, default=1000, help="over which memory may grow")
    parser.add_argument("--starts", type=int, default=5, help="of the server")
    return parser.parse_args()


def load():
    """Processes that ran or waited to run in the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}"


def main():
    """Measure and print."""
    options = arguments()
    with chromium() as browser:
        print(
            f"{date.today()}, {os.cpu_count()} processors, load before {load()}; Python {platform.python_version()}, "
            f"Streamlit {streamlit.__version__}, Chromium {browser.version}; "
            f"{CONFIG.samples} samples, hidden size {CONFIG.hidden_size}, epochs a frame: {options.speed}\n\n"
            "| measure | required | measured | ok |\n|---|---|---|---|",
            flush=True,
        )
        for name in options.only:
            for row in rows(name, browser, options):
                print(f"| {row.measure} | {row.required} | {row.measured} | {verdict(row.ok)} |", flush=True)
    print(f"\nLoad after: {load()}.")


def rows(name, browser, options):
    """The rows of one measure; one that says why, where it could not be taken."""
    try:
        return MEASURES[name](browser, options)
    except Exception as error:
        return [Row(name, "", f"not measured: {str(error).splitlines()[0]}", False)]


def verdict(ok):
    """How a row's `ok` is written."""
    return "" if ok is None else "yes" if ok else "**no**"


if __name__ == "__main__":
    main()
