"""Calls of every function of the compiled module, nearly right ones, made of a fuzzer's bytes.

Each call must return or raise an error that it may raise (``core_arguments.py``), and leave alone
what it is not to write to. Crashes, and reads outside of arrays, are the sanitizers' to find.
``core_fuzzer.cpp`` calls ``one_input`` with the module built into it.
"""

import plain_calls
import recurrent_calls
from core_arguments import Calls
from core_module import _core

KINDS = [
    recurrent_calls.lstm,
    recurrent_calls.gru,
    recurrent_calls.stack,
    recurrent_calls.stream,
    plain_calls.dense,
    plain_calls.activations,
    plain_calls.embedding,
    plain_calls.random_draws,
    plain_calls.row_steps,
    plain_calls.gate_rows,
    plain_calls.optimizers,
    plain_calls.rest,
]


def one_input(data):
    """Make the calls that the bytes stand for."""
    calls, threads = Calls(data), _core.get_num_threads()
    for set_threads in (_core.limit_this_thread, _core.set_num_threads):
        calls.call(set_threads, calls.integer(1, 1, 2, 3))
    try:
        calls.draws.choice(KINDS)(calls)
    finally:
        _core.limit_this_thread(0)
        _core.set_num_threads(threads)
