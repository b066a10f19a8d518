"""Reading 10 MB that attack: processor seconds, and for how long at most no other thread gets its turn.

.venv/bin/python -m tests.benchmarks.csv_files
"""

import threading
import time

from toynet.config import Config
from toynet.datasets import csv_files

SIZE = 10_000_000
GOOD = "a,b,kind\n" + "".join(f"{i % 7},{i % 5},{'yes' if i % 3 else 'no'}\n" for i in range(40))


def filled(begin, unit, end=""):
    """10 MB: a beginning, as many units as fit, and an end."""
    return (begin + unit * ((SIZE - len(begin) - len(end)) // len(unit)) + end).encode()


def numbers(width):
    """10 MB of different numbers in so many columns."""
    rows, row = [",".join(f"c{i}" for i in range(width)) + ",kind\n"], 0
    size = 0
    while size < SIZE:
        rows.append(",".join(f"{row * width + i}" for i in range(width)) + f",{row % 2}\n")
        size, row = size + len(rows[-1]), row + 1
    return "".join(rows)[:SIZE].encode()


WIDE = ",".join(f"c{i}" for i in range(2000))
FILES = {
    "plain table": lambda: filled("a,b,note,ripe\n", "0.123456789,1.23,some text,yes\n9.8,8.7654321,other text,no\n"),
    "small numbers, few": lambda: filled(GOOD, "1,2,yes\n3,4,no\n"),
    "different numbers, 2 columns": lambda: numbers(2),
    "different numbers, 500 columns": lambda: numbers(500),
    "different texts": lambda: ("a,b,c\n" + "".join(f"{i:x}g,1,2\n" for i in range(SIZE // 10))).encode(),
    "every other cell a text": lambda: filled("a,b,c\n", "1,x1,1\nx2,2,no\n"),
    "one line of commas": lambda: filled(GOOD, ",", "x\n"),
    "lines of 90,000 commas": lambda: filled(GOOD, "," * 90_000 + "\n"),
    "quoted lines of commas": lambda: filled(GOOD, '"' + "," * 90_000 + '",1,2\n'),
    "commas in lines": lambda: filled(GOOD, ",,\n"),
    "newlines": lambda: filled(GOOD, "\n"),
    "carriage returns": lambda: filled(GOOD, "\r"),
    "quotes": lambda: filled(GOOD, '"'),
    "quotes in lines": lambda: filled(GOOD, '"\n'),
    "quoted newlines": lambda: filled(GOOD, '"\n",'),
    "spaces": lambda: filled(GOOD, " "),
    "spaces in lines": lambda: filled(GOOD, " \n"),
    "one cell a row": lambda: filled(GOOD, "1\n"),
    "two cells of three a row": lambda: filled(GOOD, "1,2\n"),
    "2,000 columns, short rows": lambda: filled(WIDE + "\n", "1\n"),
    "2,000 columns, full rows": lambda: filled(WIDE + "\n", ",".join("1" * 2000) + "\n" + ",".join("2" * 2000) + "\n"),
    "2,000 columns of one name": lambda: filled(",".join("a" * 2000) + "\n", ",".join("1" * 2000) + "\n"),
    "one column name": lambda: filled("", "a", ",b,c\n1,2,3\n"),
    "column names": lambda: filled("", "a,"),
    "one cell": lambda: filled(GOOD + "1,2,", "y"),
    "decimal commas": lambda: filled("a;b;kind\n", "1,5;2,25;yes\n2,5;1,125;no\n"),
    "missing": lambda: filled(GOOD, "NA,,no\n,nan,\n"),
}


class Watch(threading.Thread):
    """Notes for how long at most it was kept from running."""

    def run(self):
        self.longest, self.is_over = 0.0, False
        last = time.perf_counter()
        while not self.is_over:
            time.sleep(0.001)
            now = time.perf_counter()
            self.longest, last = max(self.longest, now - last), now


def measure(content):
    """(processor seconds to read and choose columns, longest wait of another thread, what came of it)."""
    watch = Watch(daemon=True)
    watch.start()
    started = time.thread_time()
    try:
        table = csv_files.parse(content, "big.csv")
        csv_files.points(table, Config(dataset="csv", data_file="big.csv"))
        came = f"{table.rows:,} rows"
    except ValueError as error:
        came = str(error)[:80]
    seconds = time.thread_time() - started
    watch.is_over = True
    watch.join()
    return seconds, watch.longest, came


if __name__ == "__main__":
    print("| 10 MB of | seconds | longest wait, ms | what comes of it |\n|---|---|---|---|")
    for name, make in FILES.items():
        seconds, wait, came = measure(make())
        print(f"| {name} | {seconds:.2f} | {1000 * wait:.0f} | {came} |", flush=True)
