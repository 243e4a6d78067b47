"""Ctrl-C as a terminal has it, for all tests and the processes that they start."""

import signal

# A shell's job in the background ignores it, and so would every process started from there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
