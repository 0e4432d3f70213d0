"""Some people against others: the rest of a tally, and which way is better."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.tally import Tally
from app.analysis.versus import better, rest_of
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from tests.analysis.waves import World, tally_rows, worlds
from tests.factories import definition, en, rating


@settings(max_examples=15)
@given(worlds(most=1), st.data())
def test_the_rest_is_a_tally_of_those_who_are_elsewhere(world: World, data: st.DataObject) -> None:
    (group,), (facts,) = world.groups, world.facts.groups
    tally = world.tallies[group.group]
    school = data.draw(st.sampled_from(tally.cells))
    elsewhere = tally_rows(facts.codebook, world.schools, [row for row in group.rows if row[0] != school])
    expected = elsewhere.merge({"everybody": tally.cells})
    at = tally.cells.index(school)
    assert (rest_of(tally).counts[[at]] - expected.counts).count_nonzero() == 0
    with_union = tally.merge({"union": tally.cells, **{cell: [cell] for cell in tally.cells}})
    rest = rest_of(with_union, 0)
    assert (rest.counts[[at + 1]] - expected.counts).count_nonzero() == 0
    assert rest.counts[[0]].count_nonzero() == 0


def test_the_rest_of_nothing() -> None:
    tally = Tally.empty(Codebook(parse(definition())), [])
    assert rest_of(tally).counts.shape == tally.counts.shape


def test_which_way_is_better() -> None:
    def scale(*favorable: int) -> dict[str, object]:
        return {
            "options": [
                {"value": f"v{i}", "score": i, "label": en("V"), "favorable": i in favorable} for i in (1, 2, 3)
            ]
        }

    scales = {"up": scale(3), "down": scale(1), "middle": scale(2), "none": scale(), "all": scale(1, 2, 3)}
    items = [rating(f"{key}{turned}", scale=key, reverse=bool(turned)) for key in scales for turned in (0, 1)]
    book = Codebook(parse(definition(items=items, scales=scales)))
    # Favorable are the options with the favorable scores after turning, so that turning changes nothing.
    assert {item["key"]: better(book, [item["key"]]) for item in items} == {
        "up0": 1, "up1": 1, "down0": -1, "down1": -1, "middle0": 0, "middle1": 0, "none0": 0, "none1": 0,
        "all0": 0, "all1": 0,
    }  # fmt: skip
    assert [better(book, keys) for keys in (["up0", "up1"], ["up0", "down0"], ["up0", "none0"], [])] == [1, 0, 0, 0]
