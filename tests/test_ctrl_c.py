"""An interrupt comes before or after what must not be cut in two, never within."""

import os
import signal
import threading

import numpy as np
import pytest

from toynet import Config, Trainer
from toynet.ctrl_c import held_back
from toynet.engines.stepwise import StepwiseEngine


def test_it_waits_until_the_end_and_is_as_it_was_after_it():
    before, done = signal.getsignal(signal.SIGINT), []
    with pytest.raises(KeyboardInterrupt), held_back():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        done.append("whole")
    assert done == ["whole"] and signal.getsignal(signal.SIGINT) is before
    with held_back():
        pass
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()


def test_what_fails_within_is_told_where_no_interrupt_came():
    with pytest.raises(ZeroDivisionError), held_back():
        raise ZeroDivisionError


def test_other_threads_and_who_ignores_interrupts_are_left_alone():
    done = []

    def work():
        with held_back():
            done.append("there")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("here")
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["there", "here"]


@pytest.mark.parametrize("engine", ["numpy", "reference"])
def test_a_run_that_is_interrupted_within_updates_goes_on_bit_for_bit(monkeypatch, engine):
    """Each interrupt arrives in the middle of an engine's update."""
    config = Config(samples=60, epochs=8, batch_mode="mini", batch_size=15)
    whole, run = Trainer(config, engine=engine), Trainer(config, engine=engine)
    whole.run()
    advance, interrupts = StepwiseEngine.advance, []

    def interrupted(self, updates, learning_rate):
        os.kill(os.getpid(), signal.SIGINT)
        interrupts.append(updates)
        return advance(self, min(updates, 2), learning_rate)

    monkeypatch.setattr(StepwiseEngine, "advance", interrupted)
    while run.epoch < config.epochs and len(interrupts) < 200:
        with pytest.raises(KeyboardInterrupt):
            run.run()
    assert len(interrupts) > 3
    assert all(np.array_equal(p, q) for p, q in zip(run.parameters, whole.parameters, strict=True))
    assert run.history.epoch.tolist() == whole.history.epoch.tolist() == list(range(9))
    assert run.history.seconds.is_monotonic_increasing
