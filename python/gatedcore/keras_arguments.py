"""Arguments of Keras's API that exist here only with the value that asks for nothing.

Each table gives the values that may stand: Keras's default, and others that change no result. All
else is refused by name, so that nothing is accepted and ignored.
"""

from collections.abc import Mapping

Neutral = Mapping[str, tuple[object, ...]]

LAYER: Neutral = {"activity_regularizer": (None,)}
MODEL: Neutral = {}
DENSE: Neutral = {
    **LAYER,
    "lora_rank": (None,),
    "lora_alpha": (None,),
    "quantization_config": (None,),
}
EMBEDDING: Neutral = {
    **LAYER,
    "lora_rank": (None,),
    "lora_alpha": (None,),
    "quantization_config": (None,),
}
POOLING: Neutral = {**LAYER, "data_format": (None, "channels_last")}
SOFTMAX: Neutral = {**LAYER, "axis": (-1,)}
LAYER_NORMALIZATION: Neutral = {
    **LAYER,
    "axis": (-1,),
    "rms_scaling": (False,),
}
CELL: Neutral = {**LAYER}
SEQUENCE: Neutral = {
    **LAYER,
    "unroll": (False, True),  # of Keras's loop; one call runs all steps here, with the same sums
    "use_cudnn": ("auto", False),
    "implementation": (1, 2),  # two orders of the same sums
}
SEQUENCE_CALL: Neutral = {}
POP: Neutral = {"rebuild": (True,)}
OPTIMIZER: Neutral = {"loss_scale_factor": (None,)}
COMPILE: Neutral = {
    "loss_weights": (None,),
    "run_eagerly": (False, True),  # there is no other way
    "steps_per_execution": (1,),
    "jit_compile": ("auto", False, True),  # the kernels are compiled
    "auto_scale_loss": (True,),
}
FIT: Neutral = {}
TRAIN_ON_BATCH: Neutral = {}
EVALUATE: Neutral = {}
PREDICT: Neutral = {}
PLOT_MODEL: Neutral = {
    "rankdir": ("TB",),
    "expand_nested": (False,),
    "dpi": (200,),  # of SVG there is none
    "show_layer_activations": (False,),
    "show_trainable": (False,),
}
TEXT_VECTORIZATION: Neutral = {
    "ngrams": (None,),
    "output_mode": ("int",),
    "pad_to_max_tokens": (False,),
    "idf_weights": (None,),
    "sparse": (False,),
    "ragged": (False,),
    "encoding": ("utf-8",),
}
SAVE: Neutral = {"zipped": (None,), "save_format": (None,)}
LOAD_MODEL: Neutral = {"safe_mode": (True,)}  # there is nothing unsafe to choose
LOAD_WEIGHTS: Neutral = {"skip_mismatch": (False,)}
CLONE_MODEL: Neutral = {
    "input_tensors": (None,),
    "clone_function": (None,),
    "call_function": (None,),
    "recursive": (False,),
}
BACKUP: Neutral = {"double_checkpoint": (False,)}  # a file that is replaced whole needs no second
INPUT: Neutral = {
    "sparse": (False, None),
    "ragged": (False,),
    "optional": (False,),
}
SUMMARY: Neutral = {
    "line_length": (None,),
    "positions": (None,),
    "expand_nested": (False,),
    "show_trainable": (False,),
    "layer_range": (None,),
}

# Arguments of older versions of Keras that scripts still have, and what came in their place.
_OLD = {
    "lr": "it is learning_rate now",
    "decay": "pass learning_rate=optimizers.schedules.InverseTimeDecay(rate, 1, decay)",
    "nb_epoch": "it is epochs now",
    "nb_worker": "leave it out, as batches are made in this process",
    "workers": "leave it out, as batches are made in this process",
    "use_multiprocessing": "leave it out, as batches are made in this process",
    "max_queue_size": "leave it out, as batches are made in this process",
    "init": "it is kernel_initializer now",
    "inner_init": "it is recurrent_initializer now",
    "inner_activation": "it is recurrent_activation now",
    "W_regularizer": "it is kernel_regularizer now",
    "U_regularizer": "it is recurrent_regularizer now",
    "b_regularizer": "it is bias_regularizer now",
    "dropout_W": "it is dropout now",
    "dropout_U": "it is recurrent_dropout now",
    "consume_less": "leave it out, as there is but one way",
    "nb_words": "it is num_words now",
    "period": "it is save_freq now, in batches",
}


def reject_unsupported(where: str, given: Mapping[str, object], neutral: Neutral) -> None:
    """Refuse arguments that are not supported, unless they ask for nothing.

    Parameters
    ----------
    where : str
        Public function, for errors.
    given : mapping
        Arguments that the function does not know.
    neutral : mapping
        One of the tables above.

    Raises
    ------
    TypeError
        If an argument is unknown to Keras too.
    ValueError
        If it asks for something that is not supported.
    """
    for name, value in given.items():
        if name not in neutral:
            advice = _OLD.get(name, "check its spelling")
            raise TypeError(f"{where}: got an unknown argument {name!r}; {advice}")
        plain = value is None or isinstance(value, bool | int | float | str)  # no array in ==
        if not plain or value not in neutral[name]:
            shown = repr(value) if plain else f"<{type(value).__name__}>"
            raise ValueError(
                f"{where}: {name}={shown} is not supported, expected {neutral[name][0]!r}; "
                "leave it out"
            )
