"""`sluiceway-operator simulate`: what a policy would do under a load, without touching anything."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from ..manifests import StreamConsumerManifest, Unreadable, check, is_stream_consumer, read_documents
from ..simulate import LOADS, POLICIES, Aim, BadRecording, Load, Pods, Run, generate, read_recording, run
from ..simulate.drawing import bars
from ..simulate.policies import Policy, SluicewayPolicy
from .command import Command, add_json_option, positive
from .exits import Exit, Failure
from .output import show
from .table import Block, Table

__all__ = ["COMMAND"]


def _listed(known: Mapping[str, tuple[str, Callable[..., object]]]) -> str:
    return "\n".join(f"  {name:<12}{what}" for name, (what, _) in known.items())


_DESCRIPTION = f"""\
Replays a load against policies and tells what came of it; nothing is touched. Consumers are modelled: they take some
seconds to start, hold one entry at a time, and finish it before they end.

missed is the number of seconds at whose end an entry had waited for longer than --within; cost is replica-seconds, those
of replicas that start or end included, until ten minutes after the load's end.

loads, or a CSV file with the columns seconds, arrivals and optionally handler_seconds, or all:
{_listed(LOADS)}

policies, or a file with a StreamConsumer, or all:
{_listed(POLICIES)}

examples:
  sluiceway-operator simulate spikes payments.yaml
  sluiceway-operator simulate recorded.csv sluiceway hpa --handler-seconds 0.05
  sluiceway-operator simulate all all --markdown"""


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 < number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is out of range, give more than 0 and at most 86400")
    return number


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("load", metavar="TRACE", help="a load's name, a CSV file, or all")
    parser.add_argument(
        "policies", metavar="POLICY", nargs="+", help="a policy's name, a StreamConsumer's file, or all"
    )
    parser.add_argument(
        "--within",
        metavar="SECONDS",
        type=positive,
        default=10,
        help="how long an entry may wait (default: %(default)s)",
    )
    parser.add_argument(
        "--max-replicas",
        metavar="N",
        type=positive,
        default=20,
        help="of policies that are named (default: %(default)s)",
    )
    parser.add_argument(
        "--start-seconds",
        metavar="SECONDS",
        type=_seconds,
        default=3.0,
        help="that a replica takes to start (default: 3)",
    )
    parser.add_argument(
        "--handler-seconds",
        metavar="SECONDS",
        type=_seconds,
        default=0.2,
        help="where a CSV file does not say it (default: 0.2)",
    )
    parser.add_argument("--seed", metavar="N", type=positive, default=1, help="of generated loads (default: 1)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="write a Markdown table")
    add_json_option(form)


def _execute(options: argparse.Namespace) -> Exit:
    makers = [maker for given in options.policies for maker in _policies(given)]
    pods = Pods(start_seconds=options.start_seconds)
    rows = []
    for load in _loads(options):
        aim = Aim(options.within, options.max_replicas, load.mean_seconds or options.handler_seconds)
        rows += [(load, name, run(load, make(aim), pods)) for name, make in makers]
    if options.markdown:
        show({}, _markdown(rows, options.within), as_json=False)
        return Exit.OK
    blocks: list[Block] = [Table(_TITLES, tuple(_cells(*row, options.within) for row in rows))]
    if len(rows) <= len(makers):
        blocks += _pictures([(name, made) for _, name, made in rows])
    show({"runs": [_document(*row, options.within) for row in rows]}, blocks, as_json=options.json)
    return Exit.OK


def _loads(options: argparse.Namespace) -> list[Load]:
    if options.load == "all":
        return [generate(name, options.seed) for name in LOADS]
    if options.load in LOADS:
        return [generate(options.load, options.seed)]
    path = Path(options.load)
    try:
        return [read_recording(path, options.handler_seconds)]
    except BadRecording as error:
        raise Failure(str(error), Exit.USAGE) from error
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(LOADS)
        raise Failure(f"{path} is neither a load ({known}) nor a file that can be read: {error}", Exit.USAGE) from error


def _policies(given: str) -> list[tuple[str, Callable[[Aim], Policy]]]:
    if given == "all":
        return [(name, make) for name, (_, make) in POLICIES.items()]
    if given in POLICIES:
        return [(given, POLICIES[given][1])]
    try:
        documents = read_documents(Path(given).read_text(encoding="utf-8"), given)
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        known = ", ".join(POLICIES)
        raise Failure(
            f"{given} is neither a policy ({known}) nor a file that can be read: {error}", Exit.USAGE
        ) from error
    found = []
    for document in filter(is_stream_consumer, documents):
        checked = check(document)
        if not isinstance(checked, StreamConsumerManifest):
            raise Failure(f"{given} has errors, see `sluiceway-operator lint {given}`", Exit.USAGE)
        found.append((checked.name, _of(checked)))
    if not found:
        raise Failure(f"{given} holds no StreamConsumer", Exit.USAGE)
    return found


def _of(manifest: StreamConsumerManifest) -> Callable[[Aim], Policy]:
    return lambda _: SluicewayPolicy(manifest.spec.scaling)


_TITLES = ("load", "policy", ">missed", ">cost", ">longest wait", ">most replicas", ">changes", ">left")


def _cells(load: Load, policy: str, made: Run, within: int) -> tuple[str, ...]:
    return (
        load.name,
        policy,
        str(made.missed_seconds(within)),
        f"{made.replica_seconds:.0f}",
        f"{made.longest_wait:.0f} s",
        str(made.most_replicas),
        str(made.changes),
        str(made.left),
    )


def _document(load: Load, policy: str, made: Run, within: int) -> dict[str, object]:
    return {
        "load": load.name,
        "policy": policy,
        "missedSeconds": made.missed_seconds(within),
        "replicaSeconds": round(made.replica_seconds, 1),
        "longestWaitSeconds": round(made.longest_wait, 1),
        "mostReplicas": made.most_replicas,
        "changes": made.changes,
        "arrived": made.arrived,
        "done": made.done,
        "left": made.left,
        "handedBack": made.handed_back,
        "replicas": [moment.replicas for moment in made.moments],
        "backlog": [moment.lag + moment.in_work for moment in made.moments],
    }


def _pictures(runs: list[tuple[str, Run]]) -> list[Block]:
    replicas = max(1, *(made.most_replicas for _, made in runs))
    backlog = max(1, *(moment.lag + moment.in_work for _, made in runs for moment in made.moments))
    blocks: list[Block] = ["", f"replicas over time, a full bar is {replicas}"]
    blocks += [f"  {name:<12}|{bars([each.replicas for each in made.moments], replicas)}|" for name, made in runs]
    blocks += ["", f"backlog over time, a full bar is {backlog}"]
    blocks += [
        f"  {name:<12}|{bars([each.lag + each.in_work for each in made.moments], backlog)}|" for name, made in runs
    ]
    return blocks


def _markdown(rows: list[tuple[Load, str, Run]], within: int) -> list[Block]:
    """Return missed seconds and replica-seconds, a load a line and a policy a column."""
    policies = list(dict.fromkeys(policy for _, policy, _ in rows))
    lines: dict[str, list[str]] = {}
    for load, _, made in rows:
        lines.setdefault(load.name, []).append(f"{made.missed_seconds(within)} / {made.replica_seconds:.0f}")
    return [
        f"| load | {' | '.join(policies)} |",
        f"| --- |{' --- |' * len(policies)}",
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in lines.items()),
    ]


COMMAND = Command("simulate", _DESCRIPTION, _configure, _execute)
