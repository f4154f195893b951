"""Writes container images without a container engine: a tar file as `docker save` would write it."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

__all__ = ["Image", "layer_of", "write"]

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Image:
    """What goes into an image.

    Args:
        name: Its name with tag.
        files: Programs by their path in the image; the last layer.
        base: A layer (an uncompressed tar file) below that; images may share it.
        entrypoint: The program that it starts.
        user: Numeric user and group, as in `65535:65535`; root if empty.
    """

    name: str
    files: Mapping[str, Path] = field(default_factory=dict)
    base: Path | None = None
    entrypoint: Sequence[str] = ()
    user: str = ""


def layer_of(files: Mapping[str, Path], layer: Path) -> None:
    """Write a layer: programs, executable for everybody, in folders that belong to root.

    Args:
        files: The programs by their path in the image.
        layer: The file to write.
    """
    with tarfile.open(layer, "w") as tar:
        folders: set[str] = set()
        for name, source in sorted(files.items()):
            inside = name.lstrip("/")
            for parent in reversed(PurePosixPath(inside).parents[:-1]):
                if str(parent) not in folders:
                    folders.add(str(parent))
                    entry = tarfile.TarInfo(str(parent))
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(entry)
            entry = tarfile.TarInfo(inside)
            entry.size, entry.mode = source.stat().st_size, 0o755
            with source.open("rb") as content:
                tar.addfile(entry, content)


def write(image: Image, archive: Path) -> None:
    """Write an image.

    Args:
        image: What it is.
        archive: The file to write.
    """
    own = archive.with_suffix(".layer")
    layers = [image.base] if image.base else []
    if image.files:
        layer_of(image.files, own)
        layers.append(own)
    digests = [_digest(layer) for layer in layers]
    config = {
        "architecture": _architecture(),
        "os": "linux",
        "config": {"Env": [_PATH], "User": image.user, "Entrypoint": list(image.entrypoint)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        # builders insist on one line for each layer
        "history": [{"created_by": "hack/cluster"} for _ in digests],
    }
    manifest = {
        "Config": "config.json",
        "RepoTags": [image.name],
        "Layers": [f"{digest}.tar" for digest in digests],
    }
    with tarfile.open(archive, "w") as tar:
        for layer, digest in zip(layers, digests, strict=True):
            tar.add(layer, f"{digest}.tar")
        for name, content in (("config.json", config), ("manifest.json", [manifest])):
            encoded = json.dumps(content).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(encoded)
            tar.addfile(entry, io.BytesIO(encoded))
    own.unlink(missing_ok=True)


def _digest(layer: Path) -> str:
    with layer.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _architecture() -> str:
    """Return this machine's architecture as images name it: the programs were built here, for here."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
