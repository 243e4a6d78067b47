#!/usr/bin/env bash
# Compiles the core and its kernels for systems that are not here, with the clang and the headers of the package ziglang.
#
#   pip install ziglang
#   scripts/check_targets.sh                     # musl, macOS and Windows, 64-bit Arm and x86-64
#   scripts/check_targets.sh aarch64-macos       # one of them
#
# Nothing is linked or run, and the Python extension, which needs the headers of a Python of that system, is left out.
# Windows is that of MinGW: the headers of MSVC are not free to be in a package.
set -euo pipefail
exec </dev/null

repository=$(cd "$(dirname "$0")/.." && pwd)
python=$(command -v "${PYTHON:-python3}")
"$python" -c 'import ziglang' || { echo "check_targets.sh: ziglang is not installed; pip install ziglang" >&2; exit 1; }
targets=("$@")
if ((${#targets[@]} == 0)); then
  targets=(x86_64-linux-musl aarch64-linux-musl x86_64-macos aarch64-macos x86_64-windows-gnu)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for target in "${targets[@]}"; do
  case $target in
    *-linux-*) system=Linux ;;
    *-macos) system=Darwin ;;
    *-windows-*) system=Windows ;;
    *) echo "check_targets.sh: '$target', expected a system among linux, macos, windows" >&2; exit 2 ;;
  esac
  # Compiled without optimisation: it is asked what the compiler accepts. Warnings are errors.
  cmake -S "$repository" -B "$work/$target" -G Ninja -DCMAKE_SYSTEM_NAME=$system -DCMAKE_SYSTEM_PROCESSOR="${target%%-*}" \
    "-DCMAKE_CXX_COMPILER=$python;-m;ziglang;c++;-target;$target" -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY \
    -DCMAKE_CXX_FLAGS_RELEASE="-O0 -fno-sanitize=all -Wno-unused-command-line-argument" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON -DCMAKE_OSX_SYSROOT= \
    -DCMAKE_INSTALL_NAME_TOOL=false >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  cmake --build "$work/$target" --target gatedcore_core >"$work/log" 2>&1 || { tail -60 "$work/log"; exit 1; }
  printf '%s: %s objects compile\n' "$target" "$(find "$work/$target" -name '*.cpp.o' -o -name '*.cpp.obj' | wc -l)"
done
