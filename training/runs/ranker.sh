#!/usr/bin/env bash
# Rebuilds the ranker with the bundle that ships: signals of candidates, training, export, thresholds of the verdict.
#
#   training/runs/ranker.sh [DATA] [WORKSPACES] [WORK] [OUT]   half an hour on two cores, of which training is one minute
#   PYTHON=.venv/bin/python                                    the interpreter, with training/ and export/ installed
#
# WORKSPACES is a folder for the workspaces of the workspace queries, which are fetched with pip, npm and apt-get.
# The thresholds that are printed at the end belong into server/hunch/search/weights.py.
set -euo pipefail

data=${1:-../shared/data}
workspaces=${2:-/tmp/hunch-workspaces}
work=${3:-runs/ranker}
out=${4:-server/hunch/model/ranker.onnx}
python=${PYTHON:-python}

mkdir -p "$work"
"$python" -m benchmarks.tune_ranking gather "$data" "$workspaces" --signals "$work/signals.npz"
"$python" -m hunch_training.cli ranker "$work/signals-training.npz" --run "$work/run" --seed 1
"$python" -m hunch_export ranker --run "$work/run" --out "$out"
"$python" -m benchmarks.tune_ranking verdicts "$data" "$workspaces" --signals "$work/signals.npz"
