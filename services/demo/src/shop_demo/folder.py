"""The folder of one run: logs, records and the embedded server's data, in the project and gone afterwards."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(".sluiceway")


@contextmanager
def run_folder(*, keep: bool, root: Path = _ROOT) -> Iterator[Path]:
    """Make the folder of this run and remove it at the end, along with those of demos that were killed.

    Args:
        keep: leave it there.
        root: where such folders are made; itself removed if it was made here and is empty again.

    Yields:
        its absolute path.
    """
    made_root = not root.exists()
    root.mkdir(parents=True, exist_ok=True)
    _remove_left_behind(root)
    folder = (root / f"demo-{os.getpid()}").resolve()
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier process with our number
    folder.mkdir()
    if keep:
        (folder / "kept").touch()
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
            if made_root and not any(root.iterdir()):
                root.rmdir()


def _remove_left_behind(root: Path) -> None:
    for folder in root.glob("demo-*"):
        pid = folder.name.removeprefix("demo-")
        # A kept folder has a marker; any other whose process is gone was left by a demo that could not clean up.
        if pid.isdecimal() and not _alive(int(pid)) and not (folder / "kept").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
