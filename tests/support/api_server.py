"""A real Kubernetes API server with its etcd, as two processes on loopback: no nodes, no containers, seconds to start."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hack.cluster import TOOLS, Cache, build
from tests.support.eventually import eventually_sync

from sluiceway.embedded.ports import free_port

__all__ = ["ApiServer", "Refused", "api_server", "running_api_server"]

_START_SECONDS = 120


class Refused(Exception):
    """kubectl failed; its text is what it said."""


class _Process:
    """A program that can be started again."""

    def __init__(self, *words: str | Path, log: Path) -> None:
        self._words = words
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                self._words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@dataclass(frozen=True, slots=True)
class ApiServer:
    """An API server that runs.

    Args:
        kubectl: The kubectl of its version.
        kubeconfig: The file that leads to it, as its administrator.
        process: The process of it; its data are with another one.
    """

    kubectl: Path
    kubeconfig: Path
    process: _Process

    def kill(self) -> None:
        """Send it SIGKILL and wait until it is gone; what it has stored stays."""
        self.process.kill()

    def start(self) -> None:
        """Start it, again with its data and at its port, and wait until it is ready."""
        self.process.start()
        eventually_sync(lambda: self("get", "--raw", "/readyz"), within_seconds=_START_SECONDS, ignoring=(Refused,))

    def __call__(self, *words: str, given: object = None) -> str:
        """Run kubectl and return what it says.

        Args:
            words: Its arguments.
            given: What it reads as JSON from its standard input, for `--filename -`.

        Raises:
            Refused: With what it said.
        """
        ended = subprocess.run(
            [self.kubectl, "--kubeconfig", self.kubeconfig, *words],
            input=json.dumps(given) if given is not None else None,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if ended.returncode:
            raise Refused(ended.stderr)
        return ended.stdout

    def apply(self, manifest: dict[str, Any]) -> Any:
        """Create or change an object and return it as the server has it."""
        return json.loads(self("apply", "--server-side", "--output", "json", "--filename", "-", given=manifest))


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server for all tests of the session; each takes names of its own."""
    with running_api_server(tmp_path_factory.mktemp("api-server")) as server:
        yield server


@contextmanager
def running_api_server(folder: Path) -> Iterator[ApiServer]:
    """Start an API server, and end it afterwards.

    Args:
        folder: Where its files are; empty.
    """
    cache = Cache.find()
    programs = {name: build(cache, TOOLS[name]) for name in ("etcd", "kubernetes", "kubectl")}
    etcd_port, peer_port, port = free_port(), free_port(), free_port()
    token = secrets.token_hex(16)
    _write_secrets(folder, token)
    etcd = _Process(
        *(programs["etcd"] / "etcd", f"--data-dir={folder}/etcd", "--unsafe-no-fsync"),
        f"--listen-client-urls=http://127.0.0.1:{etcd_port}",
        f"--advertise-client-urls=http://127.0.0.1:{etcd_port}",
        f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
        log=folder / "etcd.log",
    )
    process = _Process(
        *(programs["kubernetes"] / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{etcd_port}"),
        *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={port}"),
        *(f"--cert-dir={folder}/certificates", f"--token-auth-file={folder}/tokens"),
        *("--authorization-mode=RBAC", "--service-cluster-ip-range=10.255.0.0/24"),
        *("--service-account-issuer=https://tests", f"--service-account-key-file={folder}/accounts.pem"),
        f"--service-account-signing-key-file={folder}/accounts.pem",
        log=folder / "kube-apiserver.log",
    )
    server = ApiServer(programs["kubectl"] / "kubectl", folder / "kubeconfig", process)
    server.kubeconfig.write_text(json.dumps(_kubeconfig(port, token)))
    try:
        etcd.start()
        server.start()
        yield server
    finally:
        server.kill()
        etcd.kill()


def _write_secrets(folder: Path, token: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (folder / "accounts.pem").write_bytes(pem)
    (folder / "tokens").write_text(f"{token},admin,admin,system:masters\n")


def _kubeconfig(port: int, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "tests",
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "admin", "namespace": "default"}}],
        "clusters": [
            {"name": "tests", "cluster": {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}}
        ],
        "users": [{"name": "admin", "user": {"token": token}}],
    }
