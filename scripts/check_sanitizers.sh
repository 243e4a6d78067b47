#!/usr/bin/env bash
# The tests with sanitizers that watch the compiled code.
#
#   scripts/check_sanitizers.sh address cpp [BUILD_FOLDER [CTEST_ARGUMENTS ...]]      # addresses, leaks, undefined behaviour
#   scripts/check_sanitizers.sh thread cpp [BUILD_FOLDER [CTEST_ARGUMENTS ...]]       # races between threads
#   scripts/check_sanitizers.sh address python [BUILD_FOLDER [PYTEST_ARGUMENTS ...]]  # the extension below the Python tests
#   scripts/check_sanitizers.sh thread python [BUILD_FOLDER [PYTEST_ARGUMENTS ...]]   # below those that start threads
#
# ISAS names the instruction sets, by default "avx2;baseline"; PYTHON the interpreter: one with gatedcore's test
# requirements, pybind11, and pytest.
set -euo pipefail
exec </dev/null

sanitizer=${1:-} tests=${2:-}
if [[ ! "$sanitizer $tests" =~ ^(address|thread)\ (cpp|python)$ ]]; then
  sed -n '2,10p' "$0" >&2
  exit 2
fi
repository=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath -m "${3:-$repository/build-$sanitizer}")
cd "$repository"
shift $(($# < 3 ? $# : 3))

# A refused allocation is to be std::bad_alloc, as without the sanitizers: tests ask for more than there is.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=allocator_may_return_null=1
# clang's runtime of the thread sanitizer cannot be loaded before Python, g++'s can.
if [[ $sanitizer == address ]]; then
  compiler=$(command -v clang++-14 || command -v clang++)
  runtime=$("$compiler" -print-file-name=libclang_rt.asan-x86_64.so)
  checks=address,undefined
else
  compiler=$(command -v g++)
  runtime=$("$compiler" -print-file-name=libtsan.so)
  checks=thread
fi
options=(-DCMAKE_CXX_COMPILER="$compiler" -DGATEDCORE_SANITIZE="$checks" -DCMAKE_CXX_FLAGS_RELEASE=-O1
  "-DGATEDCORE_ONLY_ISAS=${ISAS:-avx2;baseline}")
if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi

if [[ $tests == cpp ]]; then
  cmake -S . -B "$build" -G Ninja -DGATEDCORE_TESTS=ON "${options[@]}"
  cmake --build "$build"
  ctest --test-dir "$build" --output-on-failure --no-tests=error "$@"
  exit
fi

python=$(command -v "${PYTHON:-python3}")
if [[ $sanitizer == address ]]; then options+=(-DCMAKE_MODULE_LINKER_FLAGS=-shared-libasan); fi
cmake -S . -B "$build" -G Ninja -DGATEDCORE_PYTHON=ON -DPython_EXECUTABLE="$python" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" "${options[@]}"
cmake --build "$build" --target _core

# A copy of the package with this extension: the checkout stays as it is.
rm -rf "$build/python"
mkdir "$build/python"
cp -r python/gatedcore "$build/python/"
rm -f "$build"/python/gatedcore/_core*.so
cp "$build"/_core*.so "$build/python/gatedcore/"

# Leaks are not looked for: CPython keeps interned strings, types and modules until the process ends, and their stacks are
# those of any call from Python. Nor are races between what Python's and NumPy's own code reads and writes: that code is
# not compiled for the sanitizer, which sees its locks but not its atomics.
export ASAN_OPTIONS+=:detect_leaks=0 TSAN_OPTIONS+=:ignore_noninstrumented_modules=1 OPENBLAS_NUM_THREADS=1
if (($# == 0)); then
  set -- tests/python
  if [[ $sanitizer == thread ]]; then
    # Without the tests of forks: the thread sanitizer ends a forked child that starts threads.
    mapfile -t threaded < <(grep -rlE 'threading|ThreadPool|num_threads' tests/python --include='test_*.py' | grep -v processes)
    set -- "${threaded[@]}"
  fi
fi
# --capture=sys: the sanitizers write past sys.stderr, and are to be read.
PYTHONPATH=$build/python LD_PRELOAD=$runtime \
  "$python" -m pytest -q -p no:cacheprovider --capture=sys "$@"
