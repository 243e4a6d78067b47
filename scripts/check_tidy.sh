#!/usr/bin/env bash
# clang-tidy over cpp/, with the checks of .clang-tidy: nothing may be found.
#
#   scripts/check_tidy.sh [BUILD_FOLDER [SOURCES ...]]
#
# PYTHON names the interpreter: one with pybind11.
set -euo pipefail
exec </dev/null

repository=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath -m "${1:-$repository/build-tidy}")
shift $(($# < 1 ? $# : 1))
cd "$repository"
sources=("$@")
# Without old_glibc.cpp, which defines functions of glibc's under glibc's names.
if (($# == 0)); then mapfile -t sources < <(git ls-files 'cpp/*.cpp' ':!cpp/bindings/old_glibc.cpp'); fi

# Nothing is compiled: clang-tidy wants to know how it would be. One instruction set, as the kernels are the same text.
python=$(command -v "${PYTHON:-python3}")
clangxx=$(command -v clang++-14 || command -v clang++)
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$clangxx" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
  -DGATEDCORE_ONLY_ISAS="baseline" -DGATEDCORE_PYTHON=ON -DPython_EXECUTABLE="$python" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" >/dev/null
printf '%s\n' "${sources[@]}" |
  xargs -P "$(nproc)" -n 1 "$(command -v clang-tidy-14 || command -v clang-tidy)" -p "$build" --quiet
