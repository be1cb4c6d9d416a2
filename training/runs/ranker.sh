#!/usr/bin/env bash
# Rebuilds the ranker with the bundle that ships: gather features, fit what is linear, train, calibrate, bundle.
#
#   training/runs/ranker.sh [DATA] [WORKSPACES] [WORK] [OUT]   half an hour on two cores, of which training is one minute
#   PYTHON=.venv/bin/python                                    the interpreter, with training/ and export/ installed
#   HUNCH_MODEL_DIR=bundles/search-en                          another model; OUT is then its folder ranker
#
# WORKSPACES is a folder for the workspaces of the workspace queries, which are fetched with pip, npm and apt-get. Each
# step writes its numbers to WORK, and the last one puts them into the bundle: nobody types any in. For the ranker that
# ships, linear.json of WORK belongs into training/hunch_training/ranking, where benchmarks read it.
set -euo pipefail

data=${1:-../shared/data}
workspaces=${2:-/tmp/hunch-workspaces}
work=${3:-runs/ranker}
out=${4:-server/hunch/model/bundles/ranker-en}
python=${PYTHON:-python}
train() { "$python" -m hunch_training.cli "$@"; }

mkdir -p "$work"
train gather-features "$data" "$workspaces" --out "$work/features.npz"
train linear-weights "$work/features.npz" --out "$work/linear.json"
train similar-weights "$data" "$workspaces" --linear "$work/linear.json" --out "$work/similar.json"
train ranker "$work/features.npz" --linear "$work/linear.json" --run "$work/run" --seed 1
train calibrate-ranker "$work/features.npz" --linear "$work/linear.json" --run "$work/run"
"$python" -m hunch_export ranker --run "$work/run" --similar "$work/similar.json" --out "$out"
