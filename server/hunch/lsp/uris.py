"""``file:`` URIs and paths, both ways. Pure, but for the names of symbolic links that ``resolved`` follows."""

from __future__ import annotations

import os
import re
import sys

from hunch.workspace.walk import composed, spelt_on_disk

_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
_WRITTEN = [chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256)]
_DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")
_LONG = re.compile(r"^\\\\\?\\(?:UNC\\)?")  # how Windows begins a path that is longer than 260 characters
_WINDOWS = sys.platform == "win32"


def path_of(uri: str, *, windows: bool = _WINDOWS) -> str | None:
    """Return the path that a ``file:`` URI names, with forward slashes and without a slash at the end; None for others.

    On Windows the drive's letter becomes a capital one, however the editor wrote it (``c%3A``, ``C:``).
    """
    scheme, separator, rest = uri.partition(":")
    if not separator or scheme.lower() != "file" or not rest.startswith("/"):
        return None
    host = ""
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        rest = slash + rest
    path = _decode(re.split(r"[?#]", rest, maxsplit=1)[0])
    if "\0" in path or not path.startswith("/"):
        return None
    if windows:
        path = path.replace("\\", "/")
        if host and host.lower() != "localhost":
            return f"//{_decode(host)}{path}".rstrip("/")
        if not _DRIVE.match(path):
            return None
        path = path[1].upper() + path[2:]
        return path.rstrip("/") if len(path) > 3 else path
    if host and host.lower() != "localhost":
        return None
    return composed(path.rstrip("/") or "/")


def uri_of(path: str, *, windows: bool = _WINDOWS) -> str:
    """Return the ``file:`` URI of an absolute path with forward slashes."""
    if windows:
        if path.startswith("//"):
            return "file:" + _encode(path)
        return f"file:///{path[0].lower()}%3A{_encode(path[2:])}"
    return "file://" + _encode(path)


def join(folder: str, path: str) -> str:
    """Return the URI of a file in a folder: the folder's URI as the editor wrote it, and a relative posix path."""
    return f"{folder}{'' if folder.endswith('/') else '/'}{_encode(path)}" if path else folder


def relative(path: str, folder: str) -> str | None:
    """Return a path relative to a folder it is in, "" for the folder itself; None when it is elsewhere.

    A path with ``..`` in it is nowhere: it has to be resolved first.
    """
    if path == folder:
        return ""
    base = folder if folder.endswith("/") else folder + "/"
    if not path.startswith(base):
        return None
    inner = path[len(base) :]
    return None if any(part in ("", ".", "..") for part in inner.split("/")) else inner


def resolved(path: str) -> str:
    """Return a path as the disk spells it, with links followed; parts that do not exist stay as they are."""
    real = os.path.realpath(spelt_on_disk(path))
    if _WINDOWS:
        return _LONG.sub(r"\\\\" if real[4:7] == "UNC" else "", real).replace("\\", "/")
    return composed(real)


def _encode(path: str) -> str:
    return "".join([_WRITTEN[byte] for byte in path.encode("utf-8", "surrogateescape")])


def _decode(text: str) -> str:
    source = _ENCODED.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode("utf-8", "surrogatepass"))
    return source.decode("utf-8", "surrogateescape")
