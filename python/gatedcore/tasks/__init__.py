"""Example tasks: ordinary users of the public API, started by ``gatedcore run NAME``.

Each is a module with a function ``main(arguments)``.
"""

NAMES = ("adding", "compare", "sentiment", "sine", "temperature", "vowels")
