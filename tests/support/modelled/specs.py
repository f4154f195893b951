"""What a resource may ask for, drawn: short times and small numbers, so that a few steps reach every rule."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

__all__ = ["specs"]


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A spec without where the stream is."""
    least = draw(st.integers(0, 2))
    return {
        "group": {"onLost": draw(st.sampled_from(["Resume", "Earliest", "Latest", "Fail"]))},
        "scaling": {
            "mode": draw(st.sampled_from(["Automatic"] * 4 + ["Recommend", "Paused"])),
            "minReplicas": least,
            "maxReplicas": least + draw(st.integers(1, 8)),
            "target": draw(_targets),
            "initialCapacityPerReplica": draw(st.sampled_from([1, 10])),
            "scaleUp": {"maxReplicasPerStep": draw(st.sampled_from([0, 0, 1, 3]))},
            "scaleDown": {
                "stabilizationSeconds": draw(st.integers(0, 30)),
                "idleSeconds": draw(st.integers(0, 15)),
                "drainWaitSeconds": draw(st.integers(0, 15)),
            },
        },
        "trim": draw(_trims),
        "consumers": {"reapAfterSeconds": draw(st.sampled_from([0, 5, 20]))},
    }


_targets = st.one_of(
    st.fixed_dictionaries({"drainSeconds": st.integers(1, 20)}),
    st.fixed_dictionaries({"backlogPerReplica": st.sampled_from([1, 5, 50])}),
)


@st.composite
def _some_trim(draw: st.DrawFn) -> dict[str, Any]:
    policy = draw(st.sampled_from(["Acknowledged", "Length", "Age"]))
    length = draw(st.integers(0, 20))
    asked: dict[str, Any] = {"policy": policy, "hardMaxLength": draw(st.sampled_from([0, 0, 20, 40]))}
    asked["staleGroupSeconds"] = draw(st.sampled_from([0, 0, 10]))
    if policy == "Length":
        asked["maxLength"] = length
    if policy == "Age":
        asked["maxAgeSeconds"] = length + 1
    return asked


_trims = st.none() | _some_trim() | _some_trim()
