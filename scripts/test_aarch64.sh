#!/usr/bin/env bash
# Cross-compiles the C++ tests for 64-bit Arm and runs them under qemu's user emulation.
#
#   apt-get install g++-aarch64-linux-gnu qemu-user     (Debian, once; cmake and ninja too)
#   scripts/test_aarch64.sh [BUILD_FOLDER [CTEST_ARGUMENTS ...]]
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$repository/build-aarch64}
shift || true

for tool in aarch64-linux-gnu-g++ qemu-aarch64 cmake ninja; do
  command -v "$tool" >/dev/null || { echo "test_aarch64.sh: $tool is not installed" >&2; exit 1; }
done

cmake -S "$repository" -B "$build" -G Ninja -DGATEDCORE_TESTS=ON \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
  -DCMAKE_CROSSCOMPILING_EMULATOR="qemu-aarch64;-L;/usr/aarch64-linux-gnu"
cmake --build "$build"
# The tests of forked children are skipped: qemu aborts one that starts threads.
GATEDCORE_EMULATED=1 ctest --test-dir "$build" --output-on-failure --no-tests=error "$@"
