"""Who may train now, and whether anybody does."""

from toynet.ui.turns import Turns


def test_turns_tell_whether_somebody_has_one_or_had_one_lately():
    turns = Turns()
    assert not turns.was_taken_within(1e9)
    with turns.turn():
        assert turns.was_taken_within(0.0)
    assert turns.was_taken_within(1e9) and not turns.was_taken_within(0.0)
