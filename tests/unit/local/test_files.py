"""Resources come from files, change with them, and stand while a file is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluiceway_operator.local.files import ResourceFiles
from sluiceway_operator.registry import Registry, ResourceKey

PAYMENTS = """\
apiVersion: sluiceway.dev/v1alpha1
kind: StreamConsumer
metadata: {name: payments}
spec:
  redis: {url: "redis://redis:6379"}
  stream: orders
  group: {name: payments}
  scaleTargetRef: {name: payments}
  scaling: {maxReplicas: 5}
"""
KEY = ResourceKey("default", "payments")


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "payments.yaml"
    file.write_text(PAYMENTS)
    return file


def most(registry: Registry) -> int:
    resource = registry.get(KEY)
    assert resource is not None
    return resource.spec.scaling.max_replicas


def test_a_resource_is_what_its_file_says_in_the_namespace_default_if_it_names_none(
    file: Path, registry: Registry
) -> None:
    assert ResourceFiles([file], registry).load() == []

    (resource,) = registry
    assert (resource.key, resource.generation, resource.spec.stream) == (KEY, 1, "orders")


def test_objects_of_other_kinds_are_left_alone(file: Path, registry: Registry) -> None:
    file.write_text(f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: payments}}\n---\n{PAYMENTS}")

    assert ResourceFiles([file], registry).load() == []
    assert len(registry) == 1


def test_a_change_is_a_new_generation_of_the_same_resource(file: Path, registry: Registry) -> None:
    files = ResourceFiles([file], registry)
    files.load()
    (before,) = registry

    file.write_text(PAYMENTS.replace("maxReplicas: 5", "maxReplicas: 50"))
    files.load()

    (after,) = registry
    assert (after.uid, after.generation, after.spec.scaling.max_replicas) == (before.uid, 2, 50)


def test_a_change_of_what_is_no_field_is_no_new_generation(file: Path, registry: Registry) -> None:
    files = ResourceFiles([file], registry)
    files.load()

    file.write_text(f"# payments of the shop\n{PAYMENTS}")
    files.load()

    (after,) = registry
    assert after.generation == 1


def test_what_is_no_longer_in_a_file_is_let_go_and_is_another_when_it_comes_back(
    file: Path, registry: Registry
) -> None:
    files = ResourceFiles([file], registry)
    files.load()
    (before,) = registry

    file.write_text("")
    files.load()
    gone = len(registry) == 0
    file.write_text(PAYMENTS)
    files.load()

    (after,) = registry
    assert gone
    assert after.uid != before.uid


def test_while_a_file_is_wrong_what_it_asked_for_before_stands(file: Path, registry: Registry) -> None:
    files = ResourceFiles([file], registry)
    files.load()

    file.write_text(PAYMENTS.replace("maxReplicas: 5", "maxReplicas: nine"))
    (finding,) = files.load()

    assert finding.field == "spec.scaling.maxReplicas"
    assert (finding.line, "nine" in finding.message) == (9, True)
    assert most(registry) == 5
    assert files.load() == [], "what has not changed is not told of again"


def test_a_file_that_is_gone_changes_nothing_and_is_read_when_it_is_back(file: Path, registry: Registry) -> None:
    files = ResourceFiles([file], registry)
    files.load()

    file.unlink()
    (finding,) = files.load()
    stood = most(registry)
    file.write_text(PAYMENTS.replace("maxReplicas: 5", "maxReplicas: 7"))

    assert "cannot be read: No such file or directory" in finding.message
    assert files.load() == []
    assert (stood, most(registry)) == (5, 7)


def test_the_same_resource_in_two_files_is_wrong(file: Path, registry: Registry, tmp_path: Path) -> None:
    other = tmp_path / "again.yaml"
    other.write_text(PAYMENTS)

    (finding,) = ResourceFiles([file, other], registry).load()

    assert finding.file == str(other)
    assert f"default/payments stands in {file} too" in finding.message


def test_the_same_resource_twice_in_a_file_is_wrong(file: Path, registry: Registry) -> None:
    file.write_text(f"{PAYMENTS}---\n{PAYMENTS}")

    (finding,) = ResourceFiles([file], registry).load()

    assert "default/payments stands there twice" in finding.message
    assert len(registry) == 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"a: [", "line"),
        (b"\xff\xfe\x00", "UTF-8"),
        (PAYMENTS.replace("name: payments", "generateName: x-", 1).encode(), "generateName"),
    ],
)
def test_what_is_no_resource_is_told_by_file(file: Path, registry: Registry, content: bytes, complaint: str) -> None:
    file.write_bytes(content)

    (finding,) = ResourceFiles([file], registry).load()

    assert finding.file == str(file)
    assert complaint in f"line {finding.line}: {finding.message}"
