"""What the pages about operating say to ask a Redis server is asked of one."""

from __future__ import annotations

import pytest
import redis
from tests.support.page_commands import commands_of

from sluiceway.embedded import EmbeddedServer

QUESTIONS = commands_of("redis-cli", "troubleshooting", "sizing")


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_a_question_is_one_that_a_server_understands(server: EmbeddedServer, words: list[str]) -> None:
    with redis.Redis.from_url(server.url) as client:
        for group in ("payments", "reports"):
            client.xgroup_create("orders", group, "0", mkstream=True)

        client.execute_command(*words)


def test_there_are_questions_to_ask() -> None:
    assert len(QUESTIONS) > 5
