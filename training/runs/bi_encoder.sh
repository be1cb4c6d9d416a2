#!/usr/bin/env bash
# Bi-encoders in one table: two static encoders, a Transformer for queries beside a static encoder for code, one
# Transformer for both.
#
#   training/runs/bi_encoder.sh [DATA] [WORK]      hours on two cores, minutes on an accelerator; goes on where it was cut off
#   SMALL=1 training/runs/bi_encoder.sh ...        the same steps on few rows, under a minute
#   MINED=1                                   one more pair of static encoders, with negatives that the first ones mined (no gain, see LOG.md)
#   START=runs/text/pairs                     the Transformers start from a run of hunch-train text-encoder (its vocabulary)
#   PYTHON=.venv/bin/python                   the interpreter, with training/ installed
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/bi_encoder}
python=${PYTHON:-python}

vocabulary=(--size 32000)
static=()
transformer=(--batch 1024 --clip 1 --averaging 0 --layers 2 --transformer-dim 256 --body-tokens 96)
mining=()
if [[ ${SMALL:-} ]]; then
    vocabulary=(--size 4000 --limit 500)
    static=(--limit 500 --batch 128 --epochs 1)
    transformer=("${static[@]}" --clip 1 --averaging 0 --layers 1 --transformer-dim 64 --heads 2 --body-tokens 16)
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
hunch_train joint "${common[@]}" --run "$work/static" ${static[@]+"${static[@]}"}
hunch_train joint "${common[@]}" --run "$work/mixed" --query-tower transformer "${transformer[@]}" ${start[@]+"${start[@]}"}
hunch_train joint "${common[@]}" --run "$work/transformer" --query-tower transformer --code-tower transformer \
    "${transformer[@]}" ${start[@]+"${start[@]}"}
compared=("$work/static" "$work/mixed" "$work/transformer")
if [[ ${MINED:-} ]]; then
    if [[ ! -f $work/mined/negatives.json ]]; then
        hunch_train mine-negatives "${common[@]}" --by "$work/static" --out "$work/mined" ${mining[@]+"${mining[@]}"}
    fi
    hunch_train joint "${common[@]}" --run "$work/static-mined" --mined "$work/mined" --negatives 1 ${static[@]+"${static[@]}"}
    compared+=("$work/static-mined")
fi
hunch_train compare-joint "${compared[@]}" --data "$data" --tokenizer "$work/tokenizer.json" --out "$work/table"
