"""Names of Keras's API that do not exist here, with what to use instead.

A script whose import was changed then stops at the name, with advice, rather than at Python's bare
message.
"""

import sys
from collections.abc import Callable
from typing import NoReturn

_KINDS = "this library has recurrent, dense and embedding layers and what stands between them"

# By module, for each piece of advice the names that it is for.
_ADVICE: dict[str, dict[str, str]] = {
    "gatedcore": {
        "import keras beside this library for these": (
            "applications config distribution dtype_policies export mixed_precision quantizers"
        ),
        "use NumPy arrays": "KerasTensor Variable",
    },
    "gatedcore.backend": {
        "use NumPy, or gatedcore.ops in layers of your own": (
            "abs argmax batch_dot cast clip concatenate constant dot equal exp expand_dims "
            "flatten function greater int_shape less log max maximum mean min minimum ones "
            "one_hot pow prod reshape round sigmoid sign softmax sqrt square "
            "squeeze stack std sum tanh transpose var variable zeros"
        ),
        "give the first layer dtype='float64'": "set_floatx",
        "it is 1e-7 everywhere": "set_epsilon",
        "values are numbers and arrays: optimizer.learning_rate = 0.01": "get_value set_value",
        "sequences are (batch, time steps, features)": "image_data_format set_image_data_format",
        "pass training=True to a call": "learning_phase set_learning_phase",
    },
    "gatedcore.ops": {
        "arrays are NumPy's: write np.": (
            "abs add all any arange argmax argmin argsort average clip copy cos cumsum diff "
            "divide dot einsum equal expand_dims eye flip floor full greater greater_equal isnan "
            "less less_equal linspace log1p logical_and logical_not logical_or mod multiply "
            "negative not_equal ones ones_like outer pad power prod ravel repeat reshape roll "
            "round sign sin sort squeeze std subtract swapaxes take take_along_axis tile transpose "
            "var zeros zeros_like"
        ),
        "write x.astype(dtype)": "cast",
        "write np.asarray(x)": "convert_to_numpy convert_to_tensor",
        "write x.shape": "shape",
        "write np.eye(num_classes)[x]": "one_hot",
        "take the layer or the activation of that name": (
            "elu gelu leaky_relu log_softmax selu silu softplus swish"
        ),
        "loop in Python, or write a cell for RNN": "cond fori_loop scan vectorized_map while_loop",
    },
    "gatedcore.layers": {
        "dot and Activation('softmax') make the attention of a query over time steps; see Dot": (
            "AdditiveAttention Attention GroupQueryAttention MultiHeadAttention"
        ),
        "use LayerNormalization": (
            "BatchNormalization GroupNormalization RMSNormalization SpectralNormalization "
            "UnitNormalization"
        ),
        f"{_KINDS}; shorten or filter sequences with NumPy before": (
            "AveragePooling1D AvgPool1D Conv1D Convolution1D Cropping1D DepthwiseConv1D MaxPool1D "
            "MaxPooling1D SeparableConv1D UpSampling1D ZeroPadding1D Conv1DTranspose"
        ),
        f"{_KINDS}; use another library for images": (
            "AveragePooling2D Conv2D Conv3D Convolution2D ConvLSTM1D ConvLSTM2D ConvLSTM3D "
            "GlobalAveragePooling2D GlobalMaxPooling2D MaxPool2D MaxPooling2D MaxPooling3D "
            "RandomFlip RandomRotation Rescaling Resizing SeparableConv2D SpatialDropout2D "
            "UpSampling2D ZeroPadding2D"
        ),
        "use GRU: every layer runs in the fastest kernel it has": "CuDNNGRU",
        "use LSTM: every layer runs in the fastest kernel it has": "CuDNNLSTM",
        "use LeakyReLU, which has a fixed slope": "PReLU",
        "use Activation('linear')": "Identity",
        "leave it out: layers check shapes in build and call": "InputSpec",
        "use ReLU(threshold=...)": "ThresholdedReLU",
        "give the layer's weights a kernel_regularizer": "ActivityRegularization",
        "use Dropout": "AlphaDropout",
        "use TextVectorization, or numbers made with NumPy": (
            "CategoryEncoding Discretization HashedCrossing Hashing IntegerLookup StringLookup"
        ),
    },
    "gatedcore.optimizers": {
        "use Adam or Nadam": "Adafactor Adamax Ftrl Lamb Lion Muon ScheduleFreeAdamW",
        "use RMSprop or Adam": "Adadelta",
        "leave it out: gradients are float32 or float64": "LossScaleOptimizer",
        "the optimizers here take learning_rate=...": "legacy",
    },
    "gatedcore.losses": {
        "write it as a function that returns (loss, gradient)": (
            "CTC CategoricalGeneralizedCrossEntropy Circle Dice Tversky circle ctc dice tversky "
            "categorical_generalized_cross_entropy"
        ),
    },
    "gatedcore.metrics": {
        "derive yours from gatedcore.metrics.Metric": (
            "BinaryIoU ConcordanceCorrelation IoU MeanIoU MeanRelativeError OneHotIoU "
            "OneHotMeanIoU PearsonCorrelation PrecisionAtRecall RecallAtPrecision "
            "SensitivityAtSpecificity SpecificityAtSensitivity"
        ),
        "add numbers up in Python, or derive yours from gatedcore.metrics.Metric": (
            "Mean MeanTensor Sum"
        ),
    },
    "gatedcore.callbacks": {
        "use CSVLogger and History.plot()": "RemoteMonitor TensorBoard",
        "fit(verbose=1) has a progress bar": "ProgbarLogger",
    },
    "gatedcore.utils": {
        "use plot_model, which draws without graphviz": "model_to_dot",
        "download files yourself and give their path": "get_file",
        "use tqdm, or fit(verbose=1)": "Progbar",
        "make batches with NumPy, or with a PyDataset": (
            "FeatureSpace audio_dataset_from_directory image_dataset_from_directory split_dataset "
            "text_dataset_from_directory"
        ),
        "use plain attributes, or seed=... of the layers": "SeedGenerator",
    },
    "gatedcore.preprocessing": {
        "this library is for sequences; use another for images": (
            "image image_dataset_from_directory"
        ),
        "read the files, and give the texts to TextVectorization": "text_dataset_from_directory",
    },
    "gatedcore.preprocessing.sequence": {
        "use gatedcore.utils.timeseries_dataset_from_array": "TimeseriesGenerator",
        "it is for word vectors, which this library does not train": "skipgrams",
        "use NumPy": "make_sampling_table",
    },
    "gatedcore.models": {
        "use Model.from_config, or load_model": "model_from_config",
    },
    "gatedcore.datasets": {
        "read your own data with NumPy; imdb.load_data(path=...) reads Keras's file": (
            "boston_housing california_housing cifar10 cifar100 fashion_mnist mnist reuters"
        ),
    },
}

# Methods of Keras's models, of earlier versions most of them.
_OF_MODELS = {
    "fit takes generators": "fit_generator",
    "evaluate takes generators": "evaluate_generator",
    "predict takes generators": "predict_generator",
    "use np.argmax(model.predict(x), axis=-1), or model.predict(x) > 0.5": "predict_classes",
    "use predict": "predict_proba",
    "write the loss as a function that returns (loss, gradient)": "add_loss compute_loss",
    "pass metrics to compile": "add_metric compute_metrics",
    "derive a layer of your own, or call train_on_batch in a loop": "train_step test_step",
    "use gatedcore.onnx.export": "export",
}


def missing_attribute(owner: str, name: str) -> AttributeError | None:
    """Return the error for a method of Keras's models that models here lack, None for others."""
    for advice, names in _OF_MODELS.items():
        if name in names.split():
            return AttributeError(
                f"{owner}: {name} is not supported, expected a method that is; {advice}", name=name
            )
    return None


def advice_for(module: str, name: str) -> str | None:
    """Return what to use instead of a name, in any case, that a module lacks; None for others."""
    for advice, names in _ADVICE.get(module, {}).items():
        if name.lower() in names.lower().split():
            return advice
    return None


def absent(module: str) -> Callable[[str], NoReturn]:
    """Return the ``__getattr__`` of a module that lacks names of Keras's.

    Python replaces an ``AttributeError`` by a message of its own where the name stands in
    ``from module import name``; the error is an ``ImportError`` there.
    """

    def refuse(name: str) -> NoReturn:
        for advice, names in _ADVICE.get(module, {}).items():
            if name in names.split():
                advice += name if advice.endswith(".") else ""
                message = f"{module}: {name} is not supported, expected a name that is; {advice}"
                if _importing():
                    raise ImportError(message, name=module)
                raise AttributeError(message, name=name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)

    return refuse


def _importing() -> bool:
    """Return whether a ``from ... import`` asks for the module's attribute."""
    from opcode import opmap

    frame = sys._getframe(2)  # this, refuse, who asks
    if frame.f_code.co_name == "__getattr__" and frame.f_back is not None:
        frame = frame.f_back  # of a module with more names to look up
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]
