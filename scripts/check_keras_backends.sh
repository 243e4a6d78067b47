#!/usr/bin/env bash
# Tests the bridge to Keras on backends that .ci/run leaves out: they are large, and slow to compile.
#
#   bash scripts/check_keras_backends.sh                  # TensorFlow and JAX
#   bash scripts/check_keras_backends.sh jax              # some of torch, tensorflow, jax, numpy
#
# PYTHON names the interpreter: one that has gatedcore, Keras, pytest and the backends. By default one is made in a
# temporary folder, from this checkout.
set -euo pipefail
exec </dev/null

repository=$(cd "$(dirname "$0")/.." && pwd)
backends=("$@")
if ((${#backends[@]} == 0)); then backends=(tensorflow jax); fi

declare -A packages=([torch]=torch==2.13.0 [tensorflow]=tensorflow-cpu==2.21.0 [jax]=jax==0.10.2 [numpy]=numpy)
for backend in "${backends[@]}"; do
  if [[ -z ${packages[$backend]:-} ]]; then
    printf "check_keras_backends: '%s', expected some of torch, tensorflow, jax, numpy\n" "$backend" >&2
    exit 2
  fi
done

if [[ -z ${PYTHON:-} ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  python3 -m venv "$work/venv"
  PYTHON=$work/venv/bin/python
  wanted=()
  for backend in "${backends[@]}"; do wanted+=("${packages[$backend]}"); done
  "$PYTHON" -m pip install -q "$repository[test,keras]" keras==3.15.1 "${wanted[@]}"
fi

export TF_CPP_MIN_LOG_LEVEL=2 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
cd "$repository"
for backend in "${backends[@]}"; do
  printf '\n=== Keras on %s\n' "$backend"
  KERAS_BACKEND=$backend "$PYTHON" -m pytest -q tests/python/interop/keras
done
