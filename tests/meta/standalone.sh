#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Install each distribution alone, from its wheel and the locked versions, and import it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
uv=$PWD/.venv/bin/uv
python=$PWD/.venv/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Constraints are the lock without its hashes: wheels of ours have none there.
sed -E '/^ *--hash/d; s/ \\$//' requirements/run.txt > "$work/constraints.txt"
for folder in chaincode clustering client fabric-network services apps benchmarks; do
  "$uv" --quiet build --wheel --out-dir "$work/wheels" "./$folder"
done
for wheel in "$work"/wheels/*.whl; do
  package=$(basename "$wheel" | cut -d- -f1)
  "$uv" --quiet venv --clear --python "$python" "$work/env"
  "$uv" --quiet pip install --python "$work/env/bin/python" --find-links "$work/wheels" \
    --constraint "$work/constraints.txt" "$wheel"
  "$work/env/bin/python" -c "import $package"
  echo "$package: alone, $("$uv" pip list --quiet --python "$work/env/bin/python" | tail -n +3 | wc -l) packages"
done
