#!/bin/sh
# The steps of the Dockerfile by name. The image runs these lines, and so does CI (tools/try_container.py),
# because images cannot be built everywhere.
set -eu

step=${1:?which step: front, packages, code}
case $step in
  front) # SOURCE — the H5 app from its lock file
    cd "$2/miniprogram"
    npm ci --no-progress --ignore-scripts --no-audit --no-fund
    npm run --silent build:h5
    ;;
  packages) # SOURCE VENV — a clean environment with the pinned packages, nothing else
    ${PYTHON:-python3} -m venv "$3"
    "$3/bin/python" -m pip install -q --no-input --disable-pip-version-check --require-hashes \
      -r "$2/requirements.txt"
    ;;
  code) # SOURCE TARGET — what runs: no tests, no tools, no sources of the front end
    mkdir -p "$3/miniprogram/dist/build" "$3/var"
    for part in domain retrieval models services bot miniprogram_api server migrations LICENSE; do
      cp -R "$2/$part" "$3/$part"
    done
    cp -R "$2/miniprogram/dist/build/h5" "$3/miniprogram/dist/build/h5"
    find "$3" -name __pycache__ -type d -prune -exec rm -rf {} +
    ;;
  *)
    echo "unknown step: $step" >&2
    exit 2
    ;;
esac
