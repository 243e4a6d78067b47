#!/usr/bin/env bash
# C++ tests of the kernels under valgrind's memcheck: decisions and results that rest on memory which nobody has written.
#
#   scripts/check_memory.sh [BUILD_FOLDER [CTEST_ARGUMENTS ...]]
#
# ISAS names the instruction sets, by default "avx2;baseline"; valgrind knows no AVX-512. Without CTEST_ARGUMENTS: every
# kernel, and calls of every kind but run_lstm, run_gru and run_row_step, whose tests want denormals flushed, which valgrind
# does not do. Nor the sweeps of sigmoid and tanh and the comparisons of whole calls bit by bit, which do the same thousands
# of times, or the tests of threads and forks, as valgrind runs one thread at a time.
set -euo pipefail
exec </dev/null

repository=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath -m "${1:-$repository/build-memory}")
shift $(($# < 1 ? $# : 1))
if (($# == 0)); then
  set -- -R '^(activations/activation|cells/|gemm/|optimizers/|sequence/|simd/vec|dispatch/(draws|gate_rows|run_(dense|elementwise|embedding|masked)|valid_steps)$)'
fi

options=(-DGATEDCORE_TESTS=ON "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -g1" "-DGATEDCORE_ONLY_ISAS=${ISAS:-avx2;baseline}"
  "-DCMAKE_CROSSCOMPILING_EMULATOR=$(command -v valgrind);-q;--error-exitcode=99")
if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake -S "$repository" -B "$build" -G Ninja "${options[@]}"
cmake --build "$build"
ctest --test-dir "$build" --output-on-failure --no-tests=error "$@"
