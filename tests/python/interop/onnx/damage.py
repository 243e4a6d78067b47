"""ONNX files whose parts are changed at random, and which still parse."""

import math

import onnx


def damaged_parts(data, rng):
    """Return a file with some of its numbers, names or parts changed, which still parses."""
    model = onnx.ModelProto.FromString(data)
    for _ in range(rng.randrange(1, 4)):
        message = model
        while True:  # down to a message that is changed
            inner = [
                one
                for field, value in message.ListFields()
                if field.message_type is not None
                for one in (value if hasattr(value, "append") or hasattr(value, "add") else [value])
            ]
            if not inner or rng.random() < 0.2:
                break
            message = rng.choice(inner)
        change_one(message, rng)
    return model.SerializeToString()


def change_one(message, rng):
    """Change a field of a message."""
    fields = message.ListFields()
    if not fields:
        return
    field, value = rng.choice(fields)
    number = rng.choice([0, 1, -1, 2, 3, 7, 2**31 - 1, -(2**31), 2**62, -(2**63)])
    if hasattr(value, "add") or hasattr(value, "append"):
        if rng.random() < 0.4 or not len(value):
            del value[:]
        elif field.message_type is not None:
            value.append(rng.choice(value))
        elif field.type == field.TYPE_INT64:
            value[rng.randrange(len(value))] = number
        else:
            value.append(value[0])
    elif field.message_type is not None:
        message.ClearField(field.name)
    elif field.type == field.TYPE_STRING:
        setattr(message, field.name, rng.choice(["", "x", "tokens", "LSTM", "Concat", "If"]))
    elif field.type == field.TYPE_BYTES:
        setattr(message, field.name, bytes(value)[: rng.randrange(len(value) + 1)])
    elif field.type == field.TYPE_FLOAT:
        setattr(message, field.name, rng.choice([0.0, -1.0, math.inf, math.nan, 1e30]))
    elif field.type == field.TYPE_ENUM:
        values = list(field.enum_type.values_by_number)
        setattr(message, field.name, rng.choice(values))
    else:
        wide = field.type == field.TYPE_INT64
        setattr(message, field.name, number if wide else min(max(number, -(2**31)), 2**31 - 1))
