"""A PostgreSQL of a benchmark's own, to search the same texts: a cluster in a temporary folder, over a local socket.

Time is what `psql` says a query took, its answer included; psql goes on, so that connecting is not in it.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOBODY = "nobody"
"""PostgreSQL refuses to run as root."""
SERVER = """
"$1" -D "$3/data" -A trust -E UTF8 --locale=C.UTF-8 -N >"$3/log" 2>&1 \
    && "$2" -D "$3/data" -w -o "-c listen_addresses='' -c unix_socket_directories='$3'" -l "$3/log" start >"$3/start" \
    && echo ready || tail -n 1 "$3/log"
read -r _
"$2" -D "$3/data" -m immediate -w stop >"$3/stop" 2>&1
rm -rf "$3"
"""
"""Serves until its standard input ends, which it does however our process ends."""


class Postgres:
    """One session of psql."""

    def __init__(self, session: "subprocess.Popen[str]") -> None:
        self._session = session
        self.run("\\timing on")
        self.version = self.run("SHOW server_version;").splitlines()[0]

    def load(self, table: str, texts: Iterable[tuple[str, str]]) -> None:
        """Make a table of ids and texts."""
        rows = "\n".join(f"{one}\t{_escaped(text)}" for one, text in texts)
        self.run(f"CREATE TABLE {table} (id text PRIMARY KEY, text text NOT NULL);")
        self.run(f"COPY {table} FROM STDIN;\n{rows}\n\\.")
        self.run(f"VACUUM ANALYZE {table};")

    def search(self, table: str, word: str) -> tuple[int, float]:
        """How many of the first fifty hold the word, and the milliseconds that it took."""
        *found, time = self.run(
            f"SELECT id FROM {table} WHERE text ILIKE '%{word}%' ORDER BY id LIMIT 50;"  # noqa: S608 - both are the bench's
        ).splitlines()
        return len(found), float(re.fullmatch(r"Time: ([\d.]+) ms.*", time)[1])  # type: ignore[index] # psql always says

    def run(self, command: str) -> str:
        """What psql prints; an error ends psql, and that the benchmark."""
        assert self._session.stdin is not None
        assert self._session.stdout is not None
        mark = uuid.uuid4().hex
        self._session.stdin.write(f"{command}\n\\echo {mark}\n")
        self._session.stdin.flush()
        lines: list[str] = []
        for line in self._session.stdout:
            if line.strip() == mark:
                return "".join(lines)
            lines.append(line)
        raise SystemExit(f"PostgreSQL: {''.join(lines)}")


@contextmanager
def postgres() -> Iterator[Postgres | None]:
    """A running one, stopped whatever happens; None where there is none, which is said."""
    initdb, control, psql = map(_program, ("initdb", "pg_ctl", "psql"))
    if not (initdb and control and psql):
        print("no PostgreSQL here: what is compared with it is left out", flush=True)
        yield None
        return
    folder, user = tempfile.mkdtemp(), _user()
    if user:
        shutil.chown(folder, NOBODY)
    server = ["sh", "-c", SERVER, "sh", initdb, control, folder]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": "/"}
    # A session of its own, so that Ctrl-C does not end it before it has stopped the server.
    with subprocess.Popen(server, start_new_session=True, **pipes, **user) as serving:
        assert serving.stdout is not None
        said = serving.stdout.readline().strip()
        if said != "ready":
            print(f"no PostgreSQL here ({said}): what is compared with it is left out", flush=True)
            yield None
            return
        asked = [psql, "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", _owner(), "postgres"]
        with subprocess.Popen(asked, stderr=subprocess.STDOUT, **pipes) as session:
            yield Postgres(session)


def _program(name: str) -> str | None:
    """In the path, else the newest where Debian has them."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True)
    return next((found for path in (None, *places) if (found := shutil.which(name, path=path and str(path)))), None)


def _user() -> dict[str, Any]:
    """Who a process is started as: nobody, when we are root."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": pwd.getpwnam(NOBODY).pw_gid, "extra_groups": []}


def _owner() -> str:
    return NOBODY if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
