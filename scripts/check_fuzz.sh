#!/usr/bin/env bash
# Fuzzes the compiled module with libFuzzer, and the readers of files and the Python entry points with atheris.
#
#   apt-get install clang && pip install ".[fuzz]"
#   scripts/check_fuzz.sh                    # a few seconds of each target
#   scripts/check_fuzz.sh 600                # ten minutes of each
#   scripts/check_fuzz.sh 600 core model     # of these two
#   scripts/check_fuzz.sh replay NAME FILE   # an input that failed, once more; they are kept in build-fuzz/found
#
# What runs found interesting is kept in build-fuzz/corpus, for the next one to start from.
set -euo pipefail
if [[ ${1:-} == replay ]]; then file=$(realpath -e "$3"); fi
cd "$(dirname "$0")/.."
build=$PWD/build-fuzz

build_core() {
  local clangxx launcher=()
  clangxx=$(command -v clang++-14 || command -v clang++) || { echo 'error: clang++ is missing; apt-get install clang' >&2; exit 1; }
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  # Two instruction sets: what is fuzzed is how calls are checked and divided, which is the same for all.
  cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$clangxx" "${launcher[@]}" -DGATEDCORE_FUZZ=ON \
    -DGATEDCORE_SANITIZE=fuzzer-no-link,address,undefined -DGATEDCORE_ONLY_ISAS="${ISAS:-avx2;baseline}" \
    -DCMAKE_BUILD_TYPE=Fuzz -DCMAKE_CXX_FLAGS_FUZZ=-O1 -DPython_EXECUTABLE="$(command -v python)" \
    -Dpybind11_DIR="$(python -m pybind11 --cmakedir)" >"$build/cmake.log"
  cmake --build "$build" >"$build/build.log" || { tail -40 "$build/build.log"; exit 1; }
}

# One target, with options of libFuzzer or the file of an input.
run_target() {
  local name=$1
  shift
  if [[ $name == core ]]; then
    # An interpreter keeps what it has until the process ends. Too much memory is an error of the call, not of the run.
    PYTHONPATH=tests/fuzz:$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') PYTHONMALLOC=malloc \
      ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=2000 UBSAN_OPTIONS=print_stacktrace=1 \
      "$build/core_fuzzer" "$@"
  else
    (ulimit -v 8000000 && python tests/fuzz/atheris_main.py "$name" "$@")
  fi
}

mkdir -p "$build/found"
export GATEDCORE_NUM_THREADS=${GATEDCORE_NUM_THREADS:-2}
if [[ ${1:-} == replay ]]; then
  if [[ $2 == core ]]; then build_core; fi
  run_target "$2" "$file"
  exit
fi

seconds=${1:-5}
shift || true
targets=("$@")
if ((${#targets[@]} == 0)); then
  listed=$(PYTHONPATH=tests/fuzz:tests/python python -c '
import entry_points, readers
print("core", *readers.ready(), *entry_points.ENTRY_POINTS)')
  read -ra targets <<<"$listed"
fi
((${#targets[@]} > 0)) || { echo 'error: there is no target' >&2; exit 1; }

failed=()
for name in "${targets[@]}"; do
  mkdir -p "$build/corpus/$name"
  options=(-max_total_time="$seconds" -max_len=400 -len_control=0 -timeout=30 -rss_limit_mb=3000
    -artifact_prefix="$build/found/$name-" "$build/corpus/$name")
  if [[ $name == core ]]; then build_core; fi
  status=0
  run_target "$name" "${options[@]}" >"$build/$name.log" 2>&1 || status=$?
  printf '%-14s %s\n' "$name" "$(grep -aE '^Done [0-9]+ runs' "$build/$name.log" || tail -1 "$build/$name.log")"
  if ((status != 0)); then
    failed+=("$name")
    tail -60 "$build/$name.log"
  fi
done
if ((${#failed[@]} > 0)); then
  printf 'error: %s\n' "${failed[*]} failed; the inputs are in $build/found" >&2
  exit 1
fi
