"""Whether the server takes commits, as readiness is told."""

from tests.support.eventually import eventually

from sluiceway.engine.health import Health
from sluiceway.logs import sdk_log


async def test_refusals_last_from_the_first_one_until_a_commit_is_taken() -> None:
    health = Health(sdk_log())
    assert health.seconds_of_refusals() == 0

    health.commit_refused("WRONGTYPE")
    await eventually(lambda: health.seconds_of_refusals() > 0.01)
    before = health.seconds_of_refusals()
    health.commit_refused("NOPERM")

    assert health.seconds_of_refusals() >= before
    assert health.refusal == "NOPERM"

    health.commit_taken()

    assert health.seconds_of_refusals() == 0
    assert health.refusal is None
