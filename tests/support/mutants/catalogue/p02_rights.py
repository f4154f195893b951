"""Promise 2, broken: rights that are missing without a sound."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_ACL = "tests/integration/test_acl.py"

MUTANTS = (
    Mutant(
        promise=2,
        name="rights-are-not-looked-at",
        file="engine/consumer.py",
        old="""        await self.health.persist("look at the user's rights", self._rights.check)
""",
        new="",
        tests=(f"{_ACL}::test_a_consumer_that_lacks_a_rule_says_which_and_goes_on_once_it_has_it",),
    ),
    Mutant(
        promise=2,
        name="a-right-is-forgotten",
        file="scripts/rights.lua",
        old="try('sadd', 'SADD', scratch, '')",
        new="",
        tests=(
            f"{_ACL}::test_a_consumer_that_lacks_a_rule_says_which_and_goes_on_once_it_has_it",
            f"{_ACL}::test_the_consumers_rules_are_the_commands_that_its_scripts_call",
        ),
    ),
    Mutant(
        promise=2,
        name="a-denied-output-is-not-named",
        file="engine/committer.py",
        old="        if is_denied(text):",
        new="        if False:",
        tests=(f"{_ACL}::test_a_consumer_that_lacks_a_rule_says_which_and_goes_on_once_it_has_it",),
    ),
    Mutant(
        promise=2,
        name="connections-need-one-more-right",
        file="connection/connector.py",
        old='            "driver_info": None,\n',
        new="",
        tests=(f"{_ACL}::test_a_producer_needs_no_more_than_its_rules",),
    ),
)
