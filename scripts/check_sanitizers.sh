#!/usr/bin/env bash
# The Python tests on an extension that clang's address and undefined-behaviour sanitizers watch.
#
#   scripts/check_sanitizers.sh address [BUILD_FOLDER [PYTEST_ARGUMENTS ...]]
#
# ISAS names the instruction sets, by default "avx2;baseline"; PYTHON the interpreter: one with gatedcore's test
# requirements, pybind11, and pytest.
#
# Leaks are not looked for: CPython keeps interned strings, types and modules until the process ends, and their stacks are
# those of any call from Python.
set -euo pipefail
exec </dev/null

if [[ ${1:-} != address ]]; then
  sed -n '2,7p' "$0" >&2
  exit 2
fi
repository=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath -m "${2:-$repository/build-address}")
cd "$repository"
shift $(($# < 2 ? $# : 2))
tests=("$@")
if ((${#tests[@]} == 0)); then tests=(tests/python); fi

clangxx=$(command -v clang++-14 || command -v clang++)
python=$(command -v "${PYTHON:-python3}")
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake -S . -B "$build" -G Ninja -DGATEDCORE_PYTHON=ON -DPython_EXECUTABLE="$python" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" -DCMAKE_CXX_COMPILER="$clangxx" "${launcher[@]}" \
  -DGATEDCORE_SANITIZE=address,undefined -DCMAKE_MODULE_LINKER_FLAGS=-shared-libasan \
  -DCMAKE_CXX_FLAGS_RELEASE=-O1 "-DGATEDCORE_ONLY_ISAS=${ISAS:-avx2;baseline}"
cmake --build "$build" --target _core

# A copy of the package with this extension: the checkout stays as it is.
rm -rf "$build/python"
mkdir "$build/python"
cp -r python/gatedcore "$build/python/"
rm -f "$build"/python/gatedcore/_core*.so
cp "$build"/_core*.so "$build/python/gatedcore/"

# A refused allocation is to be std::bad_alloc, as without the sanitizers: tests ask for more than there is.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1:detect_leaks=0
export UBSAN_OPTIONS=print_stacktrace=1
PYTHONPATH=$build/python LD_PRELOAD=$("$clangxx" -print-file-name=libclang_rt.asan-x86_64.so) \
  "$python" -m pytest -q -p no:cacheprovider "${tests[@]}"
