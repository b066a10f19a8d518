"""A PostgreSQL server of the tests' own: made in a temporary folder, and gone with it."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from tests.app import free_port

USER = "postgres"
"""Who runs it where the tests are root's: a server refuses to be."""


def programs():
    """The folder of Debian's newest server, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parents[1].name))
    there = shutil.which("initdb")
    return found[-1].parent if found else Path(there).parent if there else None


_folders = {}
"""Address -> the folder of its server."""


@contextmanager
def server():
    """Yields the address of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="toynet-postgres-"))
    data, port = folder / "data", free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    try:
        _run("initdb", "-D", data, "-U", "toynet", "--auth=trust", "--no-sync", "-E", "UTF8")
        address = f"postgresql+psycopg://toynet@127.0.0.1:{port}/postgres"
        _folders[address] = folder
        start(address)
        try:
            yield address
        finally:
            stop(address)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(address):
    """Start a server, the first time or again; returns when it can be used."""
    folder, port = _folders[address], make_url(address).port
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    _run("pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")


def stop(address):
    """Stop it at once, if it runs, as a power cut would."""
    if (_folders[address] / "data" / "postmaster.pid").exists():
        _run("pg_ctl", "-D", _folders[address] / "data", "-m", "immediate", "stop")


def _run(program, *arguments):
    command = [str(programs() / program), *map(str, arguments)]
    as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    # Its output is not piped: the server would hold the pipe open.
    subprocess.run(as_user + command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
