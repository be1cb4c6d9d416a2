#!/usr/bin/env bash
# Rebuilds the bag-of-tokens static encoder: vocabulary, training, figures, export.
#
#   training/runs/static.sh [DATA] [WORK] [BUNDLE]      about half an hour on two cores; goes on where it was cut off
#   SMALL=1 training/runs/static.sh ...                 the same steps on 2,000 rows a file, about a minute
#   PYTHON=.venv/bin/python                          the interpreter, with training/ and export/ installed
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/static}
bundle=${3:-$work/static-en}
python=${PYTHON:-python}

vocabulary=(--size 32000)
short=(--epochs 1 --averaging 0)
long=(--epochs 2)
export=(--test)
if [[ ${SMALL:-} ]]; then
    vocabulary=(--size 4000 --limit 500)
    short+=(--limit 2000 --batch 256)
    long=(--limit 2000 --batch 256 --epochs 1)
    export=()
fi

hunch_train() {
    "$python" -m hunch_training.cli "$@"
}
mkdir -p "$work"
if [[ ! -f $work/tokenizer.json ]]; then
    hunch_train tokenizer "$data" "$work/tokenizer.json" "${vocabulary[@]}"
fi
run() {
    hunch_train joint "$data" --tokenizer "$work/tokenizer.json" --cache "$work/cache" "$@"
}
run --run "$work/short" "${short[@]}"
run --run "$work/long" "${long[@]}"
hunch_train average-runs "$work/short" "$work/long" --run "$work/mean"
hunch_train evaluate "$data" --tokenizer "$work/tokenizer.json" --run "$work/mean" --split valid --out "$work/valid.json"
"$python" -m hunch_export search "$data" --run "$work/mean" --tokenizer "$work/tokenizer.json" --out "$bundle" ${export[@]+"${export[@]}"}
