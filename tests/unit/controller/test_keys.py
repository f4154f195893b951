"""The operator and the SDK, which share no code, call the same keys the same."""

from __future__ import annotations

import pytest

from sluiceway.keys import GroupKeys as SdkKeys
from sluiceway_operator.keys import GroupKeys


@pytest.mark.parametrize("stream", ["orders", "{orders}", "{shop}.orders", "a{b}c", "demo:orders"])
def test_both_name_the_same_keys(stream: str) -> None:
    ours, theirs = GroupKeys(stream, "payments"), SdkKeys(stream, "payments")

    assert (ours.dead, ours.replay, ours.state) == (theirs.dead, theirs.replay, theirs.state)
