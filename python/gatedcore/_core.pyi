"""Types of the compiled module: strict calls, wrapped by ``gatedcore.ops``.

Arrays are float32 or float64, all of one call alike; nothing is converted or copied silently.
Sequences are (B, T, F), or (T, B, F) where ``time_major``, with a contiguous last axis and any
other strides; mask and reset, of bool, are (B, T) or (T, B) with any strides. m_x (B, I) and m_h
(B, H) multiply the inputs and the states on their way into the products; z_h and z_c, sequences or
one row (H,) for all steps, are the shares of the old states that zoneout keeps, in running order.
peephole is (3, H), rows of the gates i f o; a clip of 0 cuts nothing off. With a projection (H, P)
the hidden state and all that stands for it are P wide, and recurrent_kernel is (P, 4H).
Activation names: "linear", "tanh", "sigmoid", "hard_sigmoid", "relu", "softsign", "elu".
"""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

__version__: str

@final
class ResultMemory:
    """Memory of a large result, given back with the last array over it; a writable buffer."""

    def __buffer__(self, flags: int) -> memoryview: ...

def zeros(rows: int, columns: int, is_double: bool) -> Array:
    """Return zeros in such memory."""

@final
class LSTMCache:
    """What an LSTM's forward pass saved, with the arrays of its call; backward consumes it."""

    @property
    def nbytes(self) -> int: ...
    @property
    def consumed(self) -> bool: ...

@final
class GRUCache:
    """What a GRU's forward pass saved, with the arrays of its call; backward consumes it."""

    @property
    def nbytes(self) -> int: ...
    @property
    def consumed(self) -> bool: ...

@final
class LSTMDirection:
    """One direction of an LSTM in a stack."""

    def __init__(
        self,
        kernel: Array,
        recurrent_kernel: Array,
        bias: Array | None,
        h0: Array | None,
        c0: Array | None,
        activation: str,
        recurrent_activation: str,
        zero_output_for_mask: bool = False,
        recompute: bool = False,
        m_x: Array | None = None,
        m_h: Array | None = None,
        z_h: Array | None = None,
        z_c: Array | None = None,
    ) -> None: ...

@final
class GRUDirection:
    """One direction of a GRU in a stack."""

    def __init__(
        self,
        kernel: Array,
        recurrent_kernel: Array,
        bias: Array | None,
        h0: Array | None,
        activation: str,
        recurrent_activation: str,
        reset_after: bool,
        zero_output_for_mask: bool = False,
        recompute: bool = False,
        m_x: Array | None = None,
        m_h: Array | None = None,
        z_h: Array | None = None,
    ) -> None: ...

@final
class StackCache:
    """What a stack's forward pass saved, with the arrays of its call; backward consumes it."""

    @property
    def nbytes(self) -> int: ...
    @property
    def consumed(self) -> bool: ...

@final
class Stream:
    """A chain of layers that runs one time step after the other; weights are read when added."""

    def __init__(self, batch: int, features: int, is_double: bool) -> None: ...
    def add_lstm(
        self,
        kernel: Array,
        recurrent_kernel: Array,
        bias: Array | None,
        activation: str,
        recurrent_activation: str,
        z_h: Array | None = None,
        z_c: Array | None = None,
    ) -> None: ...
    def add_gru(
        self,
        kernel: Array,
        recurrent_kernel: Array,
        bias: Array | None,
        activation: str,
        recurrent_activation: str,
        reset_after: bool,
        z_h: Array | None = None,
    ) -> None: ...
    def add_dense(self, kernel: Array, bias: Array | None, activation: str) -> None: ...
    def run(self, x: Array, out: Array | None) -> Array:
        """Return, in ``out`` if given, (B, O) for a step (B, I), or (B, T, O) for (B, T, I)."""

    def reset(self) -> None:
        """Set all states to 0."""

    def get_states(self) -> list[list[Array]]:
        """Return copies of h, and c for an LSTM, of each layer that has states."""

    def set_states(self, states: list[list[Array]]) -> None:
        """Replace all states, or none."""

def lstm_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h0: Array | None,
    c0: Array | None,
    activation: str,
    recurrent_activation: str,
    time_major: bool,
    go_backwards: bool,
    return_sequences: bool,
    save: bool,
    mask: npt.NDArray[np.bool_] | None = None,
    zero_output_for_mask: bool = False,
    reset: npt.NDArray[np.bool_] | None = None,
    m_x: Array | None = None,
    m_h: Array | None = None,
    z_h: Array | None = None,
    z_c: Array | None = None,
    recompute: bool = False,
    peephole: Array | None = None,
    clip: float = 0.0,
    input_forget: bool = False,
    projection: Array | None = None,
) -> tuple[Array | None, Array, Array, LSTMCache | None]:
    """Return h of every step in x's layout or None, last h and c (B, H), and the cache or None."""

def lstm_backward(
    cache: LSTMCache,
    d_h: Array | None,
    d_h_last: Array | None,
    d_c_last: Array | None,
    need_d_x: bool,
    d_kernel: Array,
    d_recurrent_kernel: Array,
    d_bias: Array | None,
    d_peephole: Array | None = None,
    d_projection: Array | None = None,
) -> tuple[Array | None, Array, Array]:
    """Add to the gradients of the weights; return (d_x or None, d_h0, d_c0)."""

def lstm_gates(cache: LSTMCache) -> tuple[Array, Array, Array, Array, Array]:
    """Return copies of i, f, g, o after activation and c of every step, each in x's layout.

    Where no step counts they are zero.
    """

def gru_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h0: Array | None,
    activation: str,
    recurrent_activation: str,
    reset_after: bool,
    time_major: bool,
    go_backwards: bool,
    return_sequences: bool,
    save: bool,
    mask: npt.NDArray[np.bool_] | None = None,
    zero_output_for_mask: bool = False,
    reset: npt.NDArray[np.bool_] | None = None,
    m_x: Array | None = None,
    m_h: Array | None = None,
    z_h: Array | None = None,
    recompute: bool = False,
    clip: float = 0.0,
) -> tuple[Array | None, Array, GRUCache | None]:
    """Return h of every step or None, last h, and the cache or None; bias (2, 3H) or (3H)."""

def gru_backward(
    cache: GRUCache,
    d_h: Array | None,
    d_h_last: Array | None,
    need_d_x: bool,
    d_kernel: Array,
    d_recurrent_kernel: Array,
    d_bias: Array | None,
) -> tuple[Array | None, Array]:
    """Add to d_kernel, d_recurrent_kernel and d_bias; return (d_x or None, d_h0)."""

def gru_gates(cache: GRUCache) -> tuple[Array, Array, Array]:
    """Return copies of z, r, n after activation of every step, each in x's layout.

    Where no step counts they are zero.
    """

def row_step_forward(
    blocks: Sequence[int],
    x: Array,
    h_prev: Array | None,
    c_prev: Array | None,
    w_x: Array,
    w_h: Array,
    b_x: Array | None,
    b_h: Array | None,
    save: bool,
) -> tuple[Array, Array | None, Array | None]:
    """Return h, c of an LSTM, and the gates if ``save``, after one step of x (B, I).

    Weights stand in rows, (G*H, I) and (G*H, H). blocks[q] is the block of H rows where gate q
    stands: i f g o of an LSTM, z r n of a GRU with its reset gate after the product.
    """

def row_step_gates(
    blocks: Sequence[int],
    a_x: Array,
    a_h: Array,
    h_prev: Array | None,
    c_prev: Array | None,
    save: bool,
) -> tuple[Array, Array | None, Array | None]:
    """Return the same from the gates' two halves before activation, (B, G*H) with their biases."""

def row_step_backward(
    blocks: Sequence[int],
    gates: Array,
    h_prev: Array | None,
    c_prev: Array | None,
    c: Array | None,
    d_h: Array | None,
    d_c: Array | None,
) -> tuple[Array, Array, Array]:
    """Return the gradients by a_x and a_h, an LSTM's being one array, and by its c_prev.

    Of a GRU the last is the part of that by h_prev which does not pass the weights.
    """

def columns_from_rows(blocks: Sequence[int], matrix: Array) -> Array:
    """Return gates side by side (F, G*H) from gates in rows (G*H, F), gate q from blocks[q]."""

def rows_from_columns(blocks: Sequence[int], matrix: Array) -> Array:
    """Return the rows that ``columns_from_rows`` takes."""

def stack_forward(
    x: Array,
    layers: Sequence[Sequence[LSTMDirection | GRUDirection]],
    time_major: bool,
    save: bool,
    mask: npt.NDArray[np.bool_] | None = None,
    return_sequences: bool = True,
) -> tuple[Array | None, list[list[tuple[Array, ...]]], StackCache | None]:
    """Return h of the last layer, both directions side by side, the last states, and the cache.

    h is None without ``return_sequences``.
    """

def stack_backward(
    cache: StackCache,
    d_h: Array | None,
    d_states: list[list[list[Array | None]]] | None,
    need_d_x: bool,
    weights: Sequence[Sequence[tuple[Array, Array, Array | None]]],
) -> tuple[Array | None, list[list[tuple[Array, ...]]]]:
    """Add to the gradients of the weights; return d_x or None, and those of initial states."""

def dropout_factors(
    rows: int,
    columns: int,
    rate: float,
    seed: int,
    stream: int,
    is_double: bool,
    first_row: int = 0,
    all_rows: int | None = None,
) -> Array:
    """Return factors (rows, columns): 0 with probability ``rate``, else 1 / (1 - rate).

    With ``all_rows`` those are drawn for that stand from ``first_row`` on among so many.
    """

def zoneout_draws(
    steps: int,
    rows: int,
    columns: int,
    rate: float,
    seed: int,
    stream: int,
    is_double: bool,
    first_row: int = 0,
    all_rows: int | None = None,
) -> Array:
    """Return shares of old states (steps, rows, columns): 1 with probability ``rate``, else 0.

    Rows as of ``dropout_factors``.
    """

def dense_forward(x: Array, kernel: Array, bias: Array | None, activation: str) -> Array:
    """Return activation(x kernel + bias) for x (M, I), kernel (I, O), bias (O)."""

def dense_backward(
    x: Array,
    kernel: Array,
    y: Array,
    d_y: Array,
    activation: str,
    need_d_x: bool,
    d_kernel: Array,
    d_bias: Array | None,
) -> Array | None:
    """Add to d_kernel and d_bias; return d_x or None. y is what dense_forward returned."""

def activate(x: Array, activation: str) -> Array:
    """Return the activation of every element of a C-contiguous array."""

def activation_gradient(y: Array, d_y: Array, activation: str) -> Array:
    """Return the gradient by x of y, an activation of x, for C-contiguous arrays of one shape."""

def embedding_forward(tokens: npt.NDArray[np.int32], table: Array) -> Array:
    """Return rows (count, columns) of a table (rows, columns) for tokens (count,)."""

def embedding_backward(tokens: npt.NDArray[np.int32], d_y: Array, d_table: Array) -> None:
    """Add d_y (count, columns) to the rows of d_table at the tokens, in their order."""

class UpdateFrame:
    """What stands around an optimizer's update.

    Before it the mean of ``summed`` gradients, those in ``accumulated`` among them, is clipped by
    ``limit`` and parameters lose a share of ``decay``; after it the average follows them.
    """

    def __init__(
        self,
        *,
        accumulated: Array | None = None,
        summed: int = 1,
        clip: str = "",
        limit: float = 0.0,
        ends: Sequence[int] = (),
        decay: float = 0.0,
        average: Array | None = None,
        average_share: float = 0.0,
    ) -> None: ...

def adam_step(
    parameters: Array,
    gradients: Array,
    m: Array,
    v: Array,
    v_hat: Array | None,
    rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    frame: UpdateFrame | None = None,
) -> None:
    """Update parameters, m and v (and v_hat) in place; rate has its bias correction in it."""

def sgd_step(
    parameters: Array,
    gradients: Array,
    velocity: Array | None,
    rate: float,
    momentum: float,
    nesterov: bool,
    frame: UpdateFrame | None = None,
) -> None:
    """Update parameters, and velocity where there is one, in place."""

def rmsprop_step(
    parameters: Array,
    gradients: Array,
    v: Array,
    m: Array | None,
    velocity: Array | None,
    rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
    frame: UpdateFrame | None = None,
) -> None:
    """Update parameters and v in place, m if centered, velocity if with momentum."""

def nadam_step(
    parameters: Array,
    gradients: Array,
    m: Array,
    v: Array,
    m_rate: float,
    g_rate: float,
    v_factor: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    frame: UpdateFrame | None = None,
) -> None:
    """Update parameters, m and v in place; rates and factor are those of this step."""

def adagrad_step(
    parameters: Array,
    gradients: Array,
    squares: Array,
    rate: float,
    epsilon: float,
    frame: UpdateFrame | None = None,
) -> None:
    """Update parameters and squares in place."""

def average_step(parameters: Array, average: Array, share: float) -> None:
    """Move the average by a share of the way to the parameters."""

def multiply_add(rounds: int, factor: float, addend: float) -> tuple[int, float]:
    """Return how many float32 operations ran, on one thread, and their sum; to be timed."""

def read_all(data: Array, times: int) -> float:
    """Return the sum of all elements, read so many times by one thread; to be timed."""

def set_num_threads(threads: int) -> None:
    """Set the largest number of threads that a call may use."""

def get_num_threads() -> int:
    """Return the largest number of threads that a call may use."""

def limit_this_thread(threads: int) -> None:
    """Bound the threads of calls from this thread alone; 0 lifts the bound."""

def info() -> dict[str, Any]:
    """Return version, isa, isas_built, isas_available, threads, compiler, build_flags."""
