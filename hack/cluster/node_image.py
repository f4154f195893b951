"""Builds a node image for kind out of Debian's packages and Go modules, for machines that can pull no image.

The steps are those of kind's own base image (`images/base/Dockerfile` in its module), whose files it uses, followed by
what `kind build node-image` does. What differs: containerd, runc and the network plugins are Debian's, and the network
of the pods is `hack/kind-node/node-network.sh` instead of kindnetd.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from .cache import Cache, key_of
from .commands import run
from .debian import NODE, NODE_TOOLS
from .eventually import wait_for
from .go_tools import ROOT as GO_MODULES
from .go_tools import TOOLS, build, build_key, version_of
from .image_archive import Image, write
from .podman import Podman

__all__ = ["NODE_TOOL_NAMES", "build_node_image", "node_image_name"]

OWN = Path(__file__).parents[1] / "kind-node"

NODE_TOOL_NAMES = ("kubernetes", "kubectl", "etcd", "coredns", "crictl", "local-path-provisioner")
"""The Go tools inside of a node."""


def node_image_name() -> str:
    """Return the name of the image, which changes with everything that it is made from."""
    here = Path(__file__)
    key = key_of(
        *(build_key(TOOLS[name]) for name in (*NODE_TOOL_NAMES, "kind")),
        *(system.key for system in (NODE, NODE_TOOLS)),
        *(here, here.with_name("image_archive.py"), OWN),
    )
    return f"localhost/sluiceway/kind-node:{version_of(TOOLS['kubernetes'])}-{key}"


def build_node_image(cache: Cache, podman: Podman) -> str:
    """Build the image, unless it is there, and return its name.

    Args:
        cache: Where everything that goes into it is kept.
        podman: Whose images it becomes one of.
    """
    name = node_image_name()
    with cache.lock("node-image"):
        if _known(podman, name):
            return name
        # packages are mostly waited for, programs are mostly computed
        with ThreadPoolExecutor() as threads:
            systems = [threads.submit(system.make, cache) for system in (NODE, NODE_TOOLS)]
            programs = {tool: build(cache, TOOLS[tool]) for tool in NODE_TOOL_NAMES}
            node, tools = (system.result() for system in systems)
        with cache.scratch() as folder:
            root = folder / "root"
            root.mkdir()
            run(["tar", "-C", root, "-xf", node])
            _lay_base(root)
            _lay_kubernetes(root, programs)
            _lay_images(root, folder, tools, programs)
            _import(root, podman, name)
        _forget(cache, podman)
    return name


def _forget(cache: Cache, podman: Podman) -> None:
    """Remove all but the last two node images, unless a cluster may stand on one of them."""
    if not any((cache.root / "clusters").glob("*/podman")):
        repository = node_image_name().rpartition(":")[0]
        # newest first
        listed = run(["podman", "images", "--quiet", "--no-trunc", repository], env=podman.environment).split()
        for old in listed[2:]:
            run(["podman", "rmi", "--force", old], env=podman.environment)


def _known(podman: Podman, name: str) -> bool:
    listed = run(["podman", "images", "--format", "{{.Repository}}:{{.Tag}}"], env=podman.environment)
    return name in listed.split()


def _lay_base(root: Path) -> None:
    """Do what kind's Dockerfile does to a Debian."""
    run(["go", "mod", "download", "sigs.k8s.io/kind"], cwd=GO_MODULES / "kind", env={"GOFLAGS": "", "GOWORK": "off"})
    listed = run(
        ["go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kind"], cwd=GO_MODULES / "kind", env={"GOFLAGS": "-mod=mod"}
    )
    files = Path(listed.strip(), "images", "base", "files")
    for source in files.rglob("*"):
        target = root / source.relative_to(files)
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o755 if target.parent.name == "bin" else 0o644)
    # units that make no sense in a container
    for pattern in (
        "lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
        "lib/systemd/system/multi-user.target.wants/*",
        "etc/systemd/system/*.wants/*",
        "lib/systemd/system/local-fs.target.wants/*",
        "lib/systemd/system/sockets.target.wants/*udev*",
        "lib/systemd/system/sockets.target.wants/*initctl*",
        "lib/systemd/system/basic.target.wants/*",
    ):
        for unit in root.glob(pattern):
            unit.unlink()
    with (root / "etc/systemd/journald.conf").open("a") as journal:
        journal.write("ReadKMsg=no\n")
    _link(root / "sbin/init", "/usr/lib/systemd/systemd")
    run(["chroot", root, "systemctl", "enable", "kubelet.service", "containerd.service", "undo-mount-hacks.service"])
    run(["chroot", root, "systemctl", "mask", "systemd-binfmt.service"])
    for folder in ("etc/kubernetes/manifests", "etc/cni/net.d", "opt/cni/bin", "kind/manifests"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    # where kind's units and configuration look for what Debian's packages brought
    for program in ("containerd", "ctr", "containerd-shim-runc-v2"):
        _link(root / "usr/local/bin" / program, f"/usr/bin/{program}")
    for plugin in ("host-local", "loopback", "ptp", "portmap"):
        shutil.copy2(root / "usr/lib/cni" / plugin, root / "opt/cni/bin")
    spec = json.loads(run(["chroot", root, "ctr", "oci", "spec"]))
    spec.setdefault("hooks", {})["createContainer"] = [{"path": "/kind/bin/mount-product-files.sh"}]
    del spec["process"]["rlimits"]
    (root / "etc/containerd/cri-base.json").write_text(json.dumps(spec))
    # inside of a machine that may not lower oom_score_adj (no CAP_SYS_RESOURCE), no pod would start otherwise
    _replace(root / "etc/containerd/config.toml", "restrict_oom_score_adj = false", "restrict_oom_score_adj = true")


def _lay_kubernetes(root: Path, programs: dict[str, Path]) -> None:
    for program in (
        programs["kubernetes"] / "kubeadm",
        programs["kubernetes"] / "kubelet",
        programs["kubectl"] / "kubectl",
    ):
        shutil.copy2(program, root / "usr/bin")
    shutil.copy2(programs["crictl"] / "crictl", root / "usr/local/bin")
    (root / "kind/version").write_text(version_of(TOOLS["kubernetes"]))
    for manifest in (OWN / "manifests").iterdir():
        shutil.copyfile(manifest, root / "kind/manifests" / manifest.name)


def _images(tools: Path, programs: dict[str, Path], pause: Path) -> list[Image]:
    """Return the images of the node's own pods, named as kubeadm and the manifests ask for them."""
    kubernetes, version = programs["kubernetes"], version_of(TOOLS["kubernetes"])
    listed = run([kubernetes / "kubeadm", "config", "images", "list", "--kubernetes-version", version]).split()
    named = {name.rpartition("/")[2].partition(":")[0]: name for name in listed}
    images = [
        Image(named[program], {f"/usr/local/bin/{program}": kubernetes / program})
        for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    ]
    return [
        *images,
        Image(named["kube-proxy"], {"/usr/local/bin/kube-proxy": kubernetes / "kube-proxy"}, base=tools),
        Image(named["etcd"], {"/usr/local/bin/etcd": programs["etcd"] / "etcd"}),
        Image(named["coredns"], {"/coredns": programs["coredns"] / "coredns"}, entrypoint=["/coredns"]),
        Image("registry.k8s.io/pause:3.10", {"/pause": pause}, entrypoint=["/pause"], user="65535:65535"),
        Image("localhost/sluiceway/node-tools:built", base=tools),
        Image(
            "localhost/sluiceway/node-network:built",
            {"/usr/bin/kubectl": programs["kubectl"] / "kubectl", "/node-network": OWN / "node-network.sh"},
            base=tools,
            entrypoint=["/node-network"],
        ),
        Image(
            "localhost/sluiceway/local-path-provisioner:built",
            {"/usr/bin/local-path-provisioner": programs["local-path-provisioner"] / "local-path-provisioner"},
            entrypoint=["/usr/bin/local-path-provisioner"],
        ),
    ]


def _lay_images(root: Path, folder: Path, tools: Path, programs: dict[str, Path]) -> None:
    """Put the images of the node's own pods into the node's containerd, so that it never has to pull."""
    pause = folder / "pause"
    _compile_pause(pause)
    with _containerd(root) as ctr:
        for number, image in enumerate(_images(tools, programs, pause)):
            archive = root / "run/preload" / f"{number}.tar"
            write(image, archive)
            run([*ctr, "images", "import", "--no-unpack", f"/run/preload/{archive.name}"])
            # so that a node short of space does not remove what it cannot get again
            run([*ctr, "images", "label", image.name, "io.cri-containerd.pinned=pinned"])
            archive.unlink()


def _compile_pause(target: Path) -> None:
    """Compile the program that holds a pod's namespaces; Kubernetes has it in C."""
    module = GO_MODULES / "kubernetes"
    listed = run(["go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes"], cwd=module, env={"GOFLAGS": "-mod=mod"})
    source = Path(listed.strip(), "build", "pause", "linux", "pause.c")
    run(["gcc", "-Os", "-static", "-s", "-DVERSION=sluiceway", "-o", target, source])


@contextmanager
def _containerd(root: Path) -> Iterator[list[str]]:
    """Run the node's own containerd on the node's own files and give the command that talks to it."""
    address = "/run/preload/containerd.sock"
    (root / "run/preload").mkdir(parents=True)
    configuration = root / "run/preload/config.toml"
    configuration.write_text(
        'version = 2\nstate = "/run/preload/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[grpc]\n  address = "{address}"\n'
    )
    mounts = 'mount -t proc proc "$1/proc" && exec chroot "$1" containerd --config /run/preload/config.toml'
    daemon = subprocess.Popen(
        ["unshare", "--mount", "--", "sh", "-c", mounts, "sh", str(root)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: (root / address.lstrip("/")).exists() or daemon.poll() is not None, "containerd", seconds=60)
        yield ["chroot", str(root), "ctr", "--address", address, "--namespace", "k8s.io"]
    finally:
        daemon.terminate()
        daemon.wait()
        shutil.rmtree(root / "run/preload")


def _import(root: Path, podman: Podman, name: str) -> None:
    """Make an image of one layer out of the folder."""
    changes = (
        "ENV container=docker",
        "STOPSIGNAL SIGRTMIN+3",
        'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]',
    )
    options = [word for change in changes for word in ("--change", change)]
    archive = root.with_name("node.tar")
    run(["tar", "-C", root, "--exclude=./dev/*", "-cf", archive, "."])
    run(["podman", "import", *options, archive, name], env={**podman.environment, "TMPDIR": str(root.parent)})


def _link(link: Path, target: str) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    if old not in text:
        raise ValueError(f"{file} has no line {old!r}: this version of kind is set up differently")
    file.write_text(text.replace(old, new))
