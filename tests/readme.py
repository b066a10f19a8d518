"""The README, by its sections."""

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def section(title):
    """What stands under a heading."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def code(title, language):
    """The first block of code under a heading."""
    return re.search(rf"```{language}\n(.*?)```", section(title), flags=re.DOTALL).group(1)


def rooms():
    """Files and packages of `toynet/` from the ground up, as sets: each may import what is in its own or below."""
    order = re.search(r"Imports point one way, .*?: (.*?)\.\n", section("The layout"), flags=re.DOTALL).group(1)
    return [set(re.findall(r"\w+", names)) for names in order.split(";")]
