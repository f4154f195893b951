"""`python -m tests.support.mutants [name …]`: judge all mutants of the SDK and the operator, or the named ones."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from .catalogue import all_mutants
from .mutant import MutantError
from .operator_catalogue import OPERATOR_MUTANTS
from .run import Result, Target, run_mutants
from .table import table

ROOT = Path(__file__).parents[3]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.support.mutants", description=__doc__)
    parser.add_argument("name", nargs="*", help="names of mutants (default: all)")
    wanted = parser.parse_args(arguments).name
    known = (*all_mutants(), *OPERATOR_MUTANTS)
    unknown = sorted(set(wanted) - {mutant.name for mutant in known})
    if unknown:
        parser.error(f"no such mutant: {', '.join(unknown)}; there are: {', '.join(m.name for m in known) or 'none'}")
    selected = [mutant for mutant in known if not wanted or mutant.name in wanted]
    sdk = Target(ROOT, ROOT / "services" / "sdk" / "src", "sluiceway")
    operator = Target(ROOT, ROOT / "operator" / "src", "sluiceway_operator")
    results: list[Result] = []
    try:
        for target, its in ((sdk, all_mutants()), (operator, OPERATOR_MUTANTS)):
            chosen = [mutant for mutant in selected if mutant in its]
            results += asyncio.run(run_mutants(chosen, target, lambda line: print(line, flush=True)))
    except MutantError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n" + table(results))
    return 0 if all(result.killed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
