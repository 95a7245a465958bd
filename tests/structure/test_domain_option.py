"""The option ``domains``."""

from __future__ import annotations

import pytest

from protvox.errors import InputError, UsageError
from protvox.structure.domain_option import parse_domain_option
from protvox.structure.selection import parse_selection


@pytest.mark.parametrize("given", [None, [], (), "auto", ["auto"], ("auto",)])
def test_chains_are_split_by_default(given):
    assert parse_domain_option(given) == "auto"


def test_whole_chains():
    assert parse_domain_option("chain") == parse_domain_option(["chain"]) == "chain"


def test_domains_are_parsed_by_the_grammar():
    domain = parse_selection("A:1-90,120-150")
    assert parse_domain_option("A:1-90,120-150") == [domain]
    assert parse_domain_option(["A:1-90,120-150", parse_selection("B")]) == [
        domain,
        parse_selection("B"),
    ]


@pytest.mark.parametrize("given", [["auto", "A:1-90"], ["chain", "auto"], ["A", "chain"]])
def test_modes_cannot_be_combined(given):
    with pytest.raises(UsageError) as caught:
        parse_domain_option(given)
    assert caught.value.code == "usage.domains"


def test_invalid_domain_is_rejected():
    with pytest.raises(InputError) as caught:
        parse_domain_option("A:1-")
    assert caught.value.code == "input.selection"


def test_chain_may_be_called_auto():
    (domain,) = parse_domain_option("auto:1-90")
    assert domain.chains == ("auto",)
