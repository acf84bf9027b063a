"""The page's own files: each under a name that holds its content's hash, so that browsers may keep it for ever.

Read and packed at the first call, and kept: all of them together are a third of a megabyte.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HOME = Path(__file__).parent
FOLDERS = ("static", "vendor")
"""What is written here, and what `local.setup` takes from npm."""
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
JOINED = {"main.js": (("vendor", "htmx.min.js"), ("static", "app.js"))}
"""Scripts that are always needed together come in one answer, in this order."""
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StaticFile:
    """A file of the page; `name` is what its address ends with."""

    name: str
    mimetype: str
    content: bytes
    packed: bytes


@cache
def files() -> dict[str, StaticFile]:
    """Every file by its plain name, such as `app.css`; raises FileNotFoundError where npm's are missing."""
    paths = [path for folder in FOLDERS for path in sorted((HOME / folder).iterdir()) if path.suffix in TYPES]
    contents = {path.name: _sent(path) for path in paths}
    for name, parts in JOINED.items():
        contents[name] = b"\n".join(_sent(HOME / folder / part) for folder, part in parts)
    return {name: _hashed(Path(name), content) for name, content in contents.items()}


def _sent(path: Path) -> bytes:
    """A file as it is sent: ours without comments of their own lines and without indentation, a sixth of the script.

    No text of ours goes over a line's end (a test holds that), so a line may be read by itself.
    """
    if path.parent.name != "static" or path.suffix not in (".js", ".css"):
        return path.read_bytes()
    bare = re.sub(r"^[ \t]*/\*.*?\*/[ \t]*$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    lines = (line.strip() for line in bare.splitlines())
    kept = "\n".join(line for line in lines if line and not line.startswith("//"))
    # In a style sheet nothing means anything by the white space around these.
    return (re.sub(r"\s*([{};,])\s*", r"\1", kept) if path.suffix == ".css" else kept).encode()


def _hashed(path: Path, content: bytes) -> StaticFile:
    name = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:16]}{path.suffix}"
    return StaticFile(name, TYPES[path.suffix], content, gzip.compress(content, 9, mtime=0))


@cache
def _by_address() -> dict[str, StaticFile]:
    return {file.name: file for file in files().values()}


def at(name: str) -> StaticFile | None:
    """The file at the end of an address; None where there is none, or it was another version's."""
    return _by_address().get(name)
