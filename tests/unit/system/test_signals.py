"""Signals at the worst moments: held while a worker starts, told once, never lost."""

import signal

import pytest

from bench.system.signals import deferred_signals


def test_an_interruption_is_held_until_it_is_let_go(own_signals):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), deferred_signals() as release:
        signal.raise_signal(signal.SIGTERM)
        started = True
        release()
        started = False  # not reached
    assert started
    assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler


def test_an_interruption_is_let_go_at_the_end_of_the_block(own_signals):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    with pytest.raises(KeyboardInterrupt), deferred_signals():
        signal.raise_signal(signal.SIGINT)


def test_an_ignored_signal_stays_ignored(own_signals):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with deferred_signals():
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
