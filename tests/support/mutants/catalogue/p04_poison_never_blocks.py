"""Promise 4, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_GUARANTEES = "tests/integration/guarantees"
_ENTRIES = f"{_GUARANTEES}/test_04_poison_entries.py"
_HANDLERS = f"{_GUARANTEES}/test_04_failing_handlers.py"
_TRIMMED = f"{_GUARANTEES}/test_04_trimmed_bodies.py"
_KILLERS = f"{_GUARANTEES}/test_04_killers.py"
_REPLAY = f"{_GUARANTEES}/test_04_replay.py"
_UNIT = "tests/unit/engine"

MUTANTS = (
    Mutant(
        promise=4,
        name="killers-are-started-beside-their-neighbours",
        file="engine/retries.py",
        old="            elif waiting.alone:\n",
        new="            elif waiting.alone and waiting.due < 0:\n",
        tests=(f"{_KILLERS}::test_one_killer_among_50_events_in_one_prefetch_is_the_only_dead_letter",),
    ),
    Mutant(
        promise=4,
        name="a-takeover-counts-as-a-start",
        file="scripts/takeover.lua",
        old="consumer, 0, entry[1], 'JUSTID') == 1 then",
        new="consumer, 0, entry[1]) == 1 then",
        tests=(f"{_KILLERS}::test_one_killer_among_50_events_in_one_prefetch_is_the_only_dead_letter",),
    ),
    Mutant(
        promise=4,
        name="dead-letters-forget-repeated-fields",
        file="engine/deadletter.py",
        old="        fields: Fields = (PROVENANCE, *original[::2]), (told, *original[1::2])\n",
        new="        fields: Fields = (PROVENANCE, *delivery.fields), (told, *delivery.fields.values())\n",
        tests=(f"{_UNIT}/test_decoder.py", _ENTRIES),
    ),
    Mutant(
        promise=4,
        name="dead-letters-do-not-say-where-they-came-from",
        file="engine/deadletter.py",
        old='        "traceparent": delivery.traceparent,\n',
        new="",
        tests=(f"{_ENTRIES}::test_a_dead_letter_says_where_it_came_from_and_what_was_wrong",),
    ),
    Mutant(
        promise=4,
        name="entries-of-thousands-of-fields-vanish",
        file="engine/packing.py",
        old="MOST_STRINGS = 7000\n",
        new="MOST_STRINGS = 70_000\n",
        tests=(f"{_REPLAY}::test_replayed_poison_is_a_dead_letter_again_with_its_original_place_and_fields",),
    ),
    Mutant(
        promise=4,
        name="a-breaking-validator-breaks-the-consumer",
        file="engine/decoder.py",
        old="        except Exception as error:",
        new="        except ArithmeticError as error:",
        tests=(f"{_UNIT}/test_decoder.py",),
    ),
    Mutant(
        promise=4,
        name="an-unreadable-error-breaks-the-consumer",
        file="error_text.py",
        old='told.encode("utf-8", "backslashreplace").decode()',
        new="told",
        tests=(f"{_UNIT}/test_failures.py",),
    ),
    Mutant(
        promise=4,
        name="fields-of-foreign-producers-are-kept-back",
        file="context.py",
        old="if name not in KNOWN}",
        new="if name in KNOWN}",
        tests=(f"{_ENTRIES}::test_unknown_fields_are_handed_over_as_they_came",),
    ),
    Mutant(
        promise=4,
        name="replayed-events-look-new",
        file="context.py",
        old="return self._delivery.origin_id.decode()",
        new="return self._delivery.entry_id.decode()",
        tests=(f"{_REPLAY}::test_a_replayed_event_is_handled_under_its_old_identity",),
    ),
    Mutant(
        promise=4,
        name="unwanted-types-become-dead-letters",
        file="options.py",
        old='    unhandled: Unhandled = "ignore"\n',
        new='    unhandled: Unhandled = "dead_letter"\n',
        tests=(f"{_ENTRIES}::test_a_type_that_nobody_takes_is_acknowledged_and_counted_by_default",),
    ),
    Mutant(
        promise=4,
        name="a-handler-that-ignores-its-cancellation-keeps-its-worker",
        file="engine/pool.py",
        old="                    self._give_up(run)\n",
        new="                    pass\n",
        tests=(f"{_UNIT}/test_lost_workers.py",),
    ),
    Mutant(
        promise=4,
        name="a-handler-that-cancels-itself-takes-its-worker-along",
        file="engine/pool.py",
        old="        self._replace(task)\n        return False\n",
        new="        return False\n",
        tests=(f"{_UNIT}/test_lost_workers.py",),
    ),
    Mutant(
        promise=4,
        name="a-broken-consumer-sits-on-its-entries",
        file="engine/consumer.py",
        old="            self._keeper.stop()\n",
        new="",
        tests=(f"{_HANDLERS}::test_a_consumer_that_broke_says_so_and_leaves_its_entries_to_others",),
    ),
    Mutant(
        promise=4,
        name="trimmed-entries-are-not-counted",
        file="engine/recovery.py",
        old="                self._stats.lost_to_trimming += trimmed\n",
        new="",
        tests=(f"{_TRIMMED}::test_entries_of_a_dead_consumer_that_were_trimmed_away_are_counted_and_acknowledged",),
    ),
    Mutant(
        promise=4,
        name="a-replay-is-taken-for-a-duplicate",
        file="scripts/replay.lua",
        old="'replayNonce', ARGV[3], unpack",
        new="'replayNonce', '', unpack",
        tests=(f"{_REPLAY}::test_a_replayed_event_is_handled_under_its_old_identity",),
    ),
    Mutant(
        promise=4,
        name="a-replay-goes-to-every-group",
        file="deadletters.py",
        old="keys = (self._keys.dead, self._keys.replay)",
        new="keys = (self._keys.dead, self._keys.stream)",
        tests=(f"{_REPLAY}::test_a_replay_goes_to_this_group_only",),
    ),
    Mutant(
        promise=4,
        name="a-replay-takes-a-new-identity",
        file="engine/decoder.py",
        old="delivery.origin_id.decode()",
        new="delivery.entry_id.decode()",
        tests=(
            f"{_UNIT}/test_decoder.py",
            f"{_REPLAY}::test_a_replayed_event_without_an_id_keeps_the_one_made_from_its_first_place",
        ),
    ),
    Mutant(
        promise=4,
        name="replayed-letters-stay",
        file="scripts/replay.lua",
        old="redis.call('XDEL', KEYS[1], ARGV[1])\n",
        new="",
        tests=("tests/integration/test_dead_letters.py",),
    ),
    Mutant(
        promise=4,
        name="what-took-all-memory-is-held-by-the-error-before",
        file="engine/pool.py",
        old="link = link.__context__",
        new="link = None",
        tests=(f"{_UNIT}/test_pool.py",),
    ),
    Mutant(
        promise=4,
        name="replays-are-no-backlog",
        file="backlog.py",
        old='lags = (own.get(b"lag"), replay.get(b"lag"))',
        new='lags = (own.get(b"lag"), 0)',
        tests=(f"{_REPLAY}::test_what_is_replayed_counts_as_backlog_until_it_is_settled",),
    ),
)
