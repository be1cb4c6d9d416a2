#!/usr/bin/env bash
# Towers of each kind in one table: two bags, a Transformer for the question over a bag for the code, one Transformer for
# both.
#
#   training/runs/joint.sh [DATA] [WORK]      hours on two cores, minutes on an accelerator; goes on where it was cut off
#   SMALL=1 training/runs/joint.sh ...        the same steps on few rows, under a minute
#   MINED=1                                   two bags more, with negatives that the first ones mined (no gain, see LOG.md)
#   START=runs/text/pairs                     the Transformers start from a run of hunch-train text-encoder (its vocabulary)
#   PYTHON=.venv/bin/python                   the interpreter, with training/ installed
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/joint}
python=${PYTHON:-python}

vocabulary=(--size 32000)
bag=()
transformer=(--batch 1024 --clip 1 --averaging 0 --layers 2 --transformer-dim 256 --body-tokens 96)
mining=()
if [[ ${SMALL:-} ]]; then
    vocabulary=(--size 4000 --limit 500)
    bag=(--limit 500 --batch 128 --epochs 1)
    transformer=("${bag[@]}" --clip 1 --averaging 0 --layers 1 --transformer-dim 64 --heads 2 --body-tokens 16)
    mining=(--limit 500)
fi

hunch_train() {
    "$python" -m hunch_training.cli "$@"
}
mkdir -p "$work"
if [[ ! -f $work/tokenizer.json ]]; then
    if [[ ${START:-} ]]; then
        cp "$START/tokenizer.json" "$work/tokenizer.json"
    else
        hunch_train tokenizer "$data" "$work/tokenizer.json" "${vocabulary[@]}"
    fi
fi
common=("$data" --tokenizer "$work/tokenizer.json" --cache "$work/cache")
start=(${START:+--start-from "$START"})
hunch_train joint "${common[@]}" --run "$work/bag" ${bag[@]+"${bag[@]}"}
hunch_train joint "${common[@]}" --run "$work/mixed" --query-tower transformer "${transformer[@]}" ${start[@]+"${start[@]}"}
hunch_train joint "${common[@]}" --run "$work/transformer" --query-tower transformer --code-tower transformer \
    "${transformer[@]}" ${start[@]+"${start[@]}"}
compared=("$work/bag" "$work/mixed" "$work/transformer")
if [[ ${MINED:-} ]]; then
    if [[ ! -f $work/mined/negatives.json ]]; then
        hunch_train mine-negatives "${common[@]}" --by "$work/bag" --out "$work/mined" ${mining[@]+"${mining[@]}"}
    fi
    hunch_train joint "${common[@]}" --run "$work/bag-mined" --mined "$work/mined" --negatives 1 ${bag[@]+"${bag[@]}"}
    compared+=("$work/bag-mined")
fi
hunch_train compare-joint "${compared[@]}" --data "$data" --tokenizer "$work/tokenizer.json" --out "$work/table"
