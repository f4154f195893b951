"""Images written without a container engine."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from hack.cluster.image_archive import Image, write


def read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member)
    assert content is not None
    return content.read()


def contents(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: read(tar, member) for member in tar if member.isfile()}


def test_an_archive_names_its_image_and_says_how_it_starts(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    image = Image("registry.example/pause:1", {"/bin/pause": program}, entrypoint=["/bin/pause"], user="65535:65535")

    write(image, tmp_path / "image.tar")

    files = contents(tmp_path / "image.tar")
    [manifest] = json.loads(files["manifest.json"])
    config = json.loads(files[manifest["Config"]])
    assert manifest["RepoTags"] == ["registry.example/pause:1"]
    assert config["config"]["Entrypoint"] == ["/bin/pause"]
    assert config["config"]["User"] == "65535:65535"


def test_every_layer_is_what_its_digest_says(tmp_path: Path) -> None:
    program, base = tmp_path / "program", tmp_path / "base.tar"
    program.write_text("#!/bin/sh\n")
    with tarfile.open(base, "w") as tar:
        tar.add(program, "etc/issue")

    write(Image("x:1", {"/bin/x": program}, base=base), tmp_path / "image.tar")

    files = contents(tmp_path / "image.tar")
    [manifest] = json.loads(files["manifest.json"])
    digests = [hashlib.sha256(files[layer]).hexdigest() for layer in manifest["Layers"]]
    assert json.loads(files[manifest["Config"]])["rootfs"]["diff_ids"] == [f"sha256:{digest}" for digest in digests]
    assert len(digests) == 2


def test_a_program_can_be_run_by_everybody_and_its_folders_entered(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o600)

    write(Image("x:1", {"/usr/local/bin/x": program}), tmp_path / "image.tar")

    with tarfile.open(tmp_path / "image.tar") as outer:
        layer = next(member for member in outer if member.name.endswith(".tar"))
        with tarfile.open(fileobj=io.BytesIO(read(outer, layer))) as inner:
            modes = {member.name: member.mode for member in inner}
    assert modes == {"usr": 0o755, "usr/local": 0o755, "usr/local/bin": 0o755, "usr/local/bin/x": 0o755}
