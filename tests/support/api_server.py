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


@dataclass(frozen=True, slots=True)
class ApiServer:
    """An API server that runs.

    Args:
        kubectl: The kubectl of its version.
        kubeconfig: The file that leads to it, as its administrator.
    """

    kubectl: Path
    kubeconfig: Path

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
    running = [
        _start(
            *(programs["etcd"] / "etcd", f"--data-dir={folder}/etcd", "--unsafe-no-fsync"),
            f"--listen-client-urls=http://127.0.0.1:{etcd_port}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd_port}",
            f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
            log=folder / "etcd.log",
        ),
        _start(
            *(programs["kubernetes"] / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{etcd_port}"),
            *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={port}"),
            *(f"--cert-dir={folder}/certificates", f"--token-auth-file={folder}/tokens"),
            *("--authorization-mode=RBAC", "--service-cluster-ip-range=10.255.0.0/24"),
            *("--service-account-issuer=https://tests", f"--service-account-key-file={folder}/accounts.pem"),
            f"--service-account-signing-key-file={folder}/accounts.pem",
            log=folder / "kube-apiserver.log",
        ),
    ]
    try:
        server = ApiServer(programs["kubectl"] / "kubectl", folder / "kubeconfig")
        server.kubeconfig.write_text(json.dumps(_kubeconfig(port, token)))
        eventually_sync(lambda: server("get", "--raw", "/readyz"), within_seconds=_START_SECONDS, ignoring=(Refused,))
        yield server
    finally:
        for process in reversed(running):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.wait()


def _start(*words: str | Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)


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
