from __future__ import annotations

from decimal import Decimal

from tui_stream.core.metering import TurnMeter, estimate_prompt, estimate_tokens, total
from tui_stream.core.models import ChatMessage, Cost, Role, Source, Usage


class PerToken:
    def cost(self, usage: Usage, *, provider: str, model: str) -> Decimal | None:
        del provider
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        return Decimal(tokens) / 1000 if model == "known" else None


def meter(model: str = "known", *, local: bool = False) -> TurnMeter:
    return TurnMeter(PerToken(), provider="p", model=model, local=local)


def test_before_a_request_nothing_is_known() -> None:
    assert meter().usage == Usage(source=Source.ESTIMATED)
    assert meter().cost == Cost()


def test_estimates_until_the_provider_reports() -> None:
    counted = meter()
    counted.prompt_tokens = 10
    counted.count("x" * 40)
    assert counted.usage == Usage(10, 10, source=Source.ESTIMATED)
    assert counted.cost == Cost(Decimal("0.02"), Source.ESTIMATED)
    counted.report(Usage(12, 8))
    assert counted.usage == Usage(12, 8)
    assert counted.cost == Cost(Decimal("0.02"), Source.REPORTED)


def test_a_later_report_replaces_what_it_names_and_keeps_the_rest() -> None:
    counted = meter()
    counted.report(Usage(12, 1, cached_input_tokens=4))
    counted.report(Usage(output_tokens=9))
    assert counted.usage == Usage(12, 9, cached_input_tokens=4)


def test_what_the_provider_charges_wins() -> None:
    counted = meter()
    counted.report(Usage(1, 1, cost=Decimal("0.5")))
    assert counted.cost == Cost(Decimal("0.5"), Source.REPORTED)


def test_an_unknown_price_is_no_zero_and_a_local_model_is_local() -> None:
    unknown = meter("other")
    unknown.report(Usage(1, 1))
    assert unknown.cost.amount is None
    assert meter(local=True).cost.local


def test_sums_are_as_sure_as_their_least_sure_part() -> None:
    one, two = Cost(Decimal(1), Source.REPORTED), Cost(Decimal(2), Source.ESTIMATED)
    assert total([one, one]) == Cost(Decimal(2), Source.REPORTED)
    assert total([one, two]) == Cost(Decimal(3), Source.ESTIMATED)
    assert total([one, Cost()]).amount is None
    assert total([Cost(local=True)]).local
    assert total([one, Cost(local=True)]) == one
    assert total([]) == Cost(Decimal(0), Source.REPORTED)


def test_prompt_estimates_count_the_template() -> None:
    assert estimate_tokens(0) == 0
    assert estimate_tokens(1) == 1
    assert estimate_prompt([ChatMessage(Role.USER, "x" * 40)]) == 14
