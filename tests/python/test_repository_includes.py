"""The C++ sources: nothing includes upward, and an instruction set shares no code."""

import re
from pathlib import Path

from repository_sources import CPP, ROOT, cpp_sources

# What the files of each folder may include beside their own folder's.
CPP_LAYERS = {
    "core": set(),
    "simd": {"core"},
    "activations": {"core", "simd"},
    "gemm": {"core", "simd", "activations"},
    "optimizers": {"core", "simd", "activations"},
    "cells": {"core", "simd", "activations", "gemm"},
    "sequence": {"core", "simd", "activations", "gemm", "cells"},
    "dispatch": {"core", "simd", "activations", "gemm", "optimizers", "cells", "sequence"},
    "bindings": {"core", "dispatch"},
    "reference": {"core"},
}
# Plain structs that carry a call to whoever serves it: the words of all who make or serve calls.
CALLS = re.compile(r"(sequence|optimizers)/\w+_calls\.hpp")
GENERATED = {"build_info.hpp", "isa_list.inc"}


def includes_of(source: Path, pattern: str) -> list[str]:
    return re.findall(rf"^#include {pattern}", source.read_text(), re.MULTILINE)


def test_every_folder_has_a_layer():
    # Every other test here passes on an empty list.
    assert len(cpp_sources()) > 20
    assert {p.parent.name for p in cpp_sources()} == set(CPP_LAYERS)


def test_no_include_points_up():
    wrong = []
    for source in cpp_sources():
        folder = source.parent.name
        for header in includes_of(source, r'"([^"]+)"'):
            if header in GENERATED or CALLS.fullmatch(header):
                continue
            if header.split("/")[0] not in CPP_LAYERS[folder] | {folder}:
                wrong.append(f"{source.relative_to(ROOT)} includes {header}")
            elif not (CPP / header).exists():
                wrong.append(f"{source.relative_to(ROOT)} includes {header}, which is not in cpp/")
    assert not wrong


def test_calls_are_plain_data():
    # They may be included from everywhere only as long as they include nothing but types.hpp.
    calls = [p for p in cpp_sources() if CALLS.fullmatch(str(p.relative_to(CPP)))]
    assert len(calls) >= 3
    for source in calls:
        assert includes_of(source, r'"([^"]+)"') == ["core/types.hpp"]
        assert includes_of(source, r"<([^>]+)>") == []


def isa_sources() -> set[Path]:
    """Return kernels.cpp and every header that it reaches."""
    reached: set[Path] = set()
    waiting = [CPP / "dispatch" / "kernels.cpp", *(CPP / "simd").glob("*.hpp")]
    while waiting:
        source = waiting.pop()
        if source not in reached:
            reached.add(source)
            headers = includes_of(source, r'"([^"]+)"')
            waiting.extend(CPP / h for h in headers if (CPP / h).exists())
    return reached


def test_the_headers_of_an_instruction_set_take_no_template_of_the_standard_library():
    # The linker would keep one copy of such a template, perhaps the one made with AVX-512.
    allowed = {"cstddef", "cstdint", "cstring"}
    wrong = []
    for source in sorted(isa_sources()):
        intrinsics = {"immintrin.h", "arm_neon.h"} if source.parent.name == "simd" else set()
        for header in includes_of(source, r"<([^>]+)>"):
            if header not in allowed | intrinsics:
                wrong.append(f"{source.relative_to(ROOT)} includes <{header}>")
    assert not wrong


def test_vector_intrinsics_stay_in_simd():
    wrong = [
        str(source.relative_to(ROOT))
        for source in cpp_sources()
        if source.parent.name != "simd"
        and set(includes_of(source, r"<([^>]+)>")) & {"immintrin.h", "arm_neon.h"}
    ]
    assert not wrong
