"""What payments is scaled by is a manifest that a cluster would take, too."""

from __future__ import annotations

from shop_demo.manifest import NAMESPACE, TARGET, payments_consumer
from sluiceway_operator.manifests import StreamConsumerManifest, advise, check, read_documents


def checked(url: str) -> StreamConsumerManifest:
    (document,) = read_documents(payments_consumer(redis_url=url, stream="demo-1:orders", most=4), "payments.yaml")
    manifest = check(document)
    assert isinstance(manifest, StreamConsumerManifest), manifest
    return manifest


def test_lint_finds_nothing_wrong_with_it() -> None:
    manifest = checked("redis://127.0.0.1:6379/0")

    assert [each for each in advise([manifest], [manifest.document], None) if each.severity == "error"] == []
    assert (manifest.namespace or NAMESPACE, manifest.name) == ("default", TARGET)
    assert (manifest.spec.stream, manifest.spec.scaling.min_replicas) == ("demo-1:orders", 0)
    assert manifest.spec.scaling.max_replicas == 4


def test_it_holds_no_password() -> None:
    assert checked("redis://someone:secret@127.0.0.1:6379/0").spec.redis.url == "redis://127.0.0.1:6379/0"
