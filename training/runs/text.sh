#!/usr/bin/env bash
# Trains the general-purpose text encoder: masked language modelling or token embeddings of a
# static encoder, distillation from a public encoder, contrastive training on pairs.
#
#   training/runs/text.sh [DATA] [WORK] [TEACHER] [STATIC]    about 16 minutes of one core; goes on where it was cut off
#   SMALL=1 training/runs/text.sh ...                      the same steps on a few rows, under a minute
#   PYTHON=.venv/bin/python                                the interpreter, with training/ and the dependency group compare
#
# TEACHER is a folder that transformers saved (see hunch-train teacher). Without it ("" or left out), and without its
# vectors in WORK/teacher, that step is left out. STATIC is a folder of runs/static.sh: its vocabulary and token
# embeddings are the start, instead of masked language modelling.
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/text}
teacher=${3:-}
static=${4:-}
python=${PYTHON:-python}

vocabulary=(--size 32000)
settings=(--layers 2 --batch 128 --epochs 1)
masked=(--every 40)
texts=(--every 20)
if [[ ${SMALL:-} ]]; then
    vocabulary=(--size 1000 --limit 500)
    settings=(--layers 1 --dim 64 --batch 16 --epochs 1 --limit 100)
    masked=(--every 1)
    texts=(--every 1)
fi
hunch_train() {
    "$python" -m hunch_training.cli "$@" --threads 1
}
train() {
    hunch_train text-encoder "$data" "${settings[@]}" "$@"
}

mkdir -p "$work"
if [[ $static ]]; then
    cp "$static/tokenizer.json" "$work/tokenizer.json"
    start=(--tokenizer "$work/tokenizer.json" --table "$static/mean/best.pt")
    measured=()
else
    if [[ ! -f $work/tokenizer.json ]]; then
        "$python" -m hunch_training.cli tokenizer "$data" "$work/tokenizer.json" "${vocabulary[@]}"
    fi
    train --run "$work/masked" --tokenizer "$work/tokenizer.json" --objective masked "${masked[@]}"
    start=(--start "$work/masked")
    measured=("$work/masked")
fi
public=()
if [[ $teacher ]]; then
    hunch_train teacher "$data" "$teacher" --out "$work/teacher" "${texts[@]}"
    public=(--public "$teacher")
fi
if [[ -d $work/teacher ]]; then
    train --run "$work/distilled" "${start[@]}" --objective distil --teacher "$work/teacher"
    start=(--start "$work/distilled")
    measured+=("$work/distilled")
fi
train --run "$work/pairs" "${start[@]}" --objective contrastive --kinds paraphrase,rest,name "${texts[@]}"
hunch_train evaluate-text "$data" --run ${measured[@]+"${measured[@]}"} "$work/pairs" ${public[@]+"${public[@]}"} \
    --out "$work/valid.json"
