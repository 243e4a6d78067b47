"""Files damaged at random, or by someone who means harm: bytes, JSON within them, and ONNX."""

import json

EDGES = [b"\xff" * 8, bytes(8), (1 << 62).to_bytes(8, "little"), (2**31 - 1).to_bytes(8, "little")]
VALUES = [
    *(None, True, 0, -1, 10**9, 10**18, 2**63, 1e308, float("nan")),
    *("x", "", "LSTM", [], [1], [None, 10**9, 3], {}),
    {"class_name": "Sequential", "config": {"layers": []}},
]


def damaged(data, rng):
    """Return bytes with some changed, cut out, repeated, or cut off; rng is of ``random``."""
    b = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        kind, place = rng.random(), rng.randrange(len(b) or 1)
        if kind < 0.35:
            b[place : place + 1] = bytes(c ^ 1 << rng.randrange(8) for c in b[place : place + 1])
        elif kind < 0.6:
            b[place : place + 1] = bytes([rng.choice([0, 255, 127, 128, rng.randrange(256)])])
        elif kind < 0.75:
            b[place : place + 8] = rng.choice(EDGES)
        elif kind < 0.85:
            del b[place : place + rng.randrange(1, 64)]
        elif kind < 0.95:
            other = rng.randrange(len(b) or 1)
            b[place:place] = b[other : other + rng.randrange(1, 64)]
        else:
            b = b[: max(place, 1)]
    return bytes(b)


def damaged_tree(tree, rng):
    """Return data for JSON with some of its values exchanged, moved or taken out."""
    tree = json.loads(json.dumps(tree))
    places = []

    def visit(inner):
        for key in inner if isinstance(inner, dict) else range(len(inner)):
            places.append((inner, key))
            if isinstance(inner[key], dict | list):
                visit(inner[key])

    visit(tree)
    for inner, key in rng.sample(places, min(rng.choice([1, 1, 2, 3]), len(places))):
        kind = rng.random()
        if isinstance(inner, dict) and kind < 0.2:
            inner.pop(key, None)
        elif kind < 0.4 and (isinstance(inner, dict) or key < len(inner)):
            other, place = rng.choice(places)
            if isinstance(other, dict) or place < len(other):
                inner[key] = json.loads(
                    json.dumps(other.get(place) if isinstance(other, dict) else other[place])
                )
        elif isinstance(inner, dict) or key < len(inner):
            inner[key] = rng.choice(VALUES)
    return tree
