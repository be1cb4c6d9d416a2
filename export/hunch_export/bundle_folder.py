"""A bundle's folder is written aside and put in place as a whole, once all checks have passed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hunch.model.bundle import MANIFEST, Manifest, sha256_of


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write to; at the end it stands in the place of ``out``, unless something went wrong."""
    out.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        new.chmod(0o755)
        yield new
        _put_in_place(new, out)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def checksums_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder but its manifest, by name."""
    return {path.name: sha256_of(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}


def described(manifest: Manifest, folder: Path) -> str:
    """Return a line about a bundle for the person who made it."""
    size = sum(path.stat().st_size for path in folder.iterdir())
    return f"{manifest.identity}: {size / 1e6:.1f} MB in {folder}"


def _put_in_place(new: Path, out: Path) -> None:
    """Swap folders; whoever opens the bundle in between sees the old or the new one, or for a moment none."""
    old = new.with_name(new.name + "-old")
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)
