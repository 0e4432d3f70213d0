"""The gate by itself, with a clock that the test turns."""

from __future__ import annotations

import pytest

from app.errors import AccessCodeInvalid, RateLimited
from app.services import gate as gate_module
from app.services.gate import LONGEST_S, WRONG_CODES, Gate, network


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(60, 120, clock)


def passed(gate: Gate, times: int, peer: str = "192.0.2.1", key: str | None = None) -> int:
    """How many of so many requests at once get through."""
    through = 0
    for _ in range(times):
        try:
            gate.allow(peer, key)
        except RateLimited:
            continue
        through += 1
    return through


def waits(gate: Gate, peer: str = "192.0.2.1", key: str | None = None) -> int:
    with pytest.raises(RateLimited) as limited:
        gate.allow(peer, key)
    assert limited.value.status == 429
    return int(limited.value.headers["Retry-After"])


def test_a_minute_s_worth_at_once_and_then_the_even_rate(gate: Gate, clock: Clock) -> None:
    assert passed(gate, 200) == 60
    assert waits(gate) == 1
    clock.now += 1
    assert passed(gate, 5) == 1
    clock.now += 10
    assert passed(gate, 50) == 10
    clock.now += 60
    assert passed(gate, 200) == 60


def test_over_any_stretch_no_more_than_the_rate_and_a_burst(gate: Gate, clock: Clock) -> None:
    through = 0
    for _ in range(3000):
        through += passed(gate, 1)
        clock.now += 0.1
    assert through == 60 + 300 - 1


def test_whoever_comes_back_when_told_gets_through(gate: Gate, clock: Clock) -> None:
    passed(gate, 100)
    for _ in range(100):
        clock.now += waits(gate)
        assert passed(gate, 1) == 1


def test_a_refused_request_is_not_counted(gate: Gate, clock: Clock) -> None:
    assert passed(gate, 10_000) == 60
    clock.now += 1
    assert passed(gate, 1) == 1


def test_peers_and_keys_are_counted_by_themselves(gate: Gate) -> None:
    assert passed(gate, 100, "192.0.2.1") == 60
    assert passed(gate, 100, "192.0.2.2") == 60
    assert passed(gate, 100, "192.0.2.3", "k") == 60
    assert passed(gate, 100, "192.0.2.4", "k") == 60
    assert passed(gate, 100, "192.0.2.5", "k") == 0, "the key has had its 120"
    assert passed(gate, 100, "192.0.2.5") == 60, "and what it was refused does not count for the peer"
    assert passed(gate, 100, "192.0.2.6", "another") == 60


def test_a_network_of_ipv6_is_one_peer(gate: Gate) -> None:
    assert passed(gate, 50, "2001:db8:1:2::1") == 50
    assert passed(gate, 50, "2001:db8:1:2:ffff::9") == 10
    assert passed(gate, 50, "2001:db8:1:3::1") == 50
    assert network("testclient") == "testclient"
    assert network("") == ""


# ------------------------------------------------------------------ wrong codes
def guess(gate: Gate, wrong: bool = True, key: str = "k", peer: str = "192.0.2.1", wave: str = "w") -> bool:
    """Whether an attempt was heard."""
    try:
        with gate.guesses(key, peer, wave):
            if wrong:
                raise AccessCodeInvalid
    except AccessCodeInvalid:
        return True
    except RateLimited:
        return False
    return True


def test_wrong_codes_are_counted_and_right_ones_are_not(gate: Gate, clock: Clock) -> None:
    assert all(guess(gate, wrong=False) for _ in range(1000))
    assert sum(guess(gate) for _ in range(100)) == WRONG_CODES
    assert not guess(gate, wrong=False), "else it could be guessed on"
    assert guess(gate, key="other")
    assert guess(gate, peer="192.0.2.2")
    assert guess(gate, wave="v")
    assert passed(gate, 60) == 60, "wrong codes are no requests"
    clock.now += 60 / WRONG_CODES
    assert guess(gate)
    assert not guess(gate)


def test_many_wrong_codes_at_once_keep_out_for_long_but_not_for_ever(gate: Gate, clock: Clock) -> None:
    with gate.guesses("k", "192.0.2.1", "w") as count:
        count(10_000)
    clock.now += 600
    assert not guess(gate)
    clock.now += LONGEST_S - 600
    assert guess(gate)


def test_other_errors_are_no_wrong_codes(gate: Gate) -> None:
    for _ in range(100):
        with pytest.raises(ValueError, match="other"), gate.guesses("k", "192.0.2.1", "w"):
            raise ValueError("other")
    assert guess(gate)


# ------------------------------------------------------------------ memory
def test_addresses_are_forgotten(gate: Gate, clock: Clock) -> None:
    for i in range(100):
        gate.allow(f"192.0.2.{i}", "k")
    assert len(gate._due) == 101
    gate.forget()
    assert len(gate._due) == 101
    clock.now += 10
    gate.forget()
    assert list(gate._due) == [("key", "k")]
    clock.now += 60
    gate.forget()
    assert gate._due == {}


def test_memory_is_bounded(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "REMEMBERED", 100)
    for i in range(1000):
        gate.allow(f"198.51.100.{i}")
        assert len(gate._due) <= 100
