"""The programs that come as Go modules, pinned by `hack/tools/*/go.mod` with the hashes of `go.sum`."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .cache import Cache, key_of
from .commands import run
from .errors import Missing

__all__ = ["TOOLS", "GoTool", "build", "build_key", "version_of"]

ROOT = Path(__file__).parents[1] / "tools"


@dataclass(frozen=True, slots=True)
class GoTool:
    """Programs built together from one module.

    Args:
        name: The artefact's name.
        module: Folder in `hack/tools`.
        programs: Program by the package that it is built from.
        pinned: The module whose version is the programs' version.
        stamped: Linker variables that hold that version; `{version}`, `{major}` and `{minor}` are filled in.
    """

    name: str
    module: str
    programs: dict[str, str]
    pinned: str
    stamped: tuple[str, ...] = ()


_KUBERNETES_STAMPS = (
    "k8s.io/component-base/version.gitVersion={version}",
    "k8s.io/component-base/version.gitMajor={major}",
    "k8s.io/component-base/version.gitMinor={minor}",
)
_KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubeadm",
    "kubelet",
)


def _kubernetes(name: str, programs: tuple[str, ...]) -> GoTool:
    packages = {program: f"k8s.io/kubernetes/cmd/{program}" for program in programs}
    return GoTool(name, "kubernetes", packages, "k8s.io/kubernetes", _KUBERNETES_STAMPS)


TOOLS = {
    tool.name: tool
    for tool in (
        GoTool("kind", "kind", {"kind": "sigs.k8s.io/kind"}, "sigs.k8s.io/kind"),
        # kubectl on its own: it is all that somebody with the official node image needs of Kubernetes
        _kubernetes("kubectl", ("kubectl",)),
        _kubernetes("kubernetes", _KUBERNETES_PROGRAMS),
        GoTool("etcd", "etcd", {"etcd": "go.etcd.io/etcd/server/v3"}, "go.etcd.io/etcd/server/v3"),
        GoTool("coredns", "coredns", {"coredns": "github.com/coredns/coredns"}, "github.com/coredns/coredns"),
        GoTool("crictl", "cri-tools", {"crictl": "sigs.k8s.io/cri-tools/cmd/crictl"}, "sigs.k8s.io/cri-tools"),
        GoTool(
            "local-path-provisioner",
            "local-path-provisioner",
            {"local-path-provisioner": "github.com/rancher/local-path-provisioner"},
            "github.com/rancher/local-path-provisioner",
        ),
        GoTool(
            "helm",
            "helm",
            {"helm": "helm.sh/helm/v4/cmd/helm"},
            "helm.sh/helm/v4",
            ("helm.sh/helm/v4/internal/version.version={version}",),
        ),
        GoTool(
            "helm3",
            "helm3",
            {"helm": "helm.sh/helm/v3/cmd/helm"},
            "helm.sh/helm/v3",
            ("helm.sh/helm/v3/internal/version.version={version}",),
        ),
    )
}
"""Every tool by its name."""


def version_of(tool: GoTool) -> str:
    """Return the pinned version, as in `v1.36.3`."""
    text = (ROOT / tool.module / "go.mod").read_text()
    found = re.search(rf"^(?:require )?\s*{re.escape(tool.pinned)} (v\S+)", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"hack/tools/{tool.module}/go.mod does not require {tool.pinned}")
    return found[1]


def build_key(tool: GoTool) -> str:
    """Return what the tool is built from, as a key of the cache."""
    return key_of(*(ROOT / tool.module / name for name in ("go.mod", "go.sum")), repr(tool), *_FLAGS)


def build(cache: Cache, tool: GoTool) -> Path:
    """Build the tool's programs and return their folder.

    Raises:
        Missing: There is no Go.
    """
    if shutil.which("go") is None:
        raise Missing("Go is not on PATH: install Go >= 1.26 (https://go.dev/doc/install); it builds the pinned tools")
    return cache.artefact(tool.name, build_key(tool), lambda folder: _compile(cache, tool, folder))


_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")


def _compile(cache: Cache, tool: GoTool, folder: Path) -> None:
    version = version_of(tool)
    major, minor = version.removeprefix("v").split(".")[:2]
    stamps = [f"-X {stamp.format(version=version, major=major, minor=minor)}" for stamp in tool.stamped]
    for program, package in tool.programs.items():
        run(
            ["go", "build", *_FLAGS, "-ldflags", " ".join(["-s", "-w", *stamps]), "-o", folder / program, package],
            cwd=ROOT / tool.module,
            env={"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"},
            log=cache.logs / f"{tool.name}.log",
        )
