"""Layers, operators and calls as configs of Keras 3's functional models have them."""


def tensor(name, number=0, output=0, dtype="float32"):
    history = {"dtype": dtype, "keras_history": [name, number, output]}
    return {"class_name": "__keras_tensor__", "config": history}


def part(kind, name, *nodes, module="keras.layers", **options):
    config = {"name": name, "trainable": True, **options}
    return {
        "module": module,
        "class_name": kind,
        "config": config,
        "name": name,
        "inbound_nodes": list(nodes),
    }


def operator(kind, name, *nodes, **options):
    data = part(kind, name, *nodes, module="keras.src.ops.numpy", **options)
    return {**data, "config": {"name": name, **options}}


def call(*args, **kwargs):
    return {"args": list(args), "kwargs": kwargs}
