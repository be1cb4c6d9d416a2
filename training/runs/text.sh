#!/usr/bin/env bash
# Trains the general-purpose text encoder: hidden words or a bag's token embeddings, a public encoder's vectors, pairs.
#
#   training/runs/text.sh [DATA] [WORK] [TEACHER] [BAG]    about 16 minutes of one core; goes on where it was cut off
#   SMALL=1 training/runs/text.sh ...                      the same steps on a few rows, under a minute
#   PYTHON=.venv/bin/python                                the interpreter, with training/ and the dependency group compare
#
# TEACHER is a folder that transformers saved (see hunch-train teacher). Without it ("" or left out), and without its
# vectors in WORK/teacher, that step is left out. BAG is a folder of runs/bag.sh: its vocabulary and token embeddings
# are the start, instead of those that hidden words teach.
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/text}
teacher=${3:-}
bag=${4:-}
python=${PYTHON:-python}

vocabulary=(--size 32000)
settings=(--layers 2 --batch 128 --epochs 1)
words=(--every 40)
texts=(--every 20)
if [[ ${SMALL:-} ]]; then
    vocabulary=(--size 1000 --limit 500)
    settings=(--layers 1 --dim 64 --batch 16 --epochs 1 --limit 100)
    words=(--every 1)
    texts=(--every 1)
fi
hunch_train() {
    "$python" -m hunch_training.cli "$@" --threads 1
}
train() {
    hunch_train text-encoder "$data" "${settings[@]}" "$@"
}

mkdir -p "$work"
if [[ $bag ]]; then
    cp "$bag/tokenizer.json" "$work/tokenizer.json"
    start=(--tokenizer "$work/tokenizer.json" --table "$bag/mean/best.pt")
    measured=()
else
    if [[ ! -f $work/tokenizer.json ]]; then
        "$python" -m hunch_training.train_tokenizer "$data" "$work/tokenizer.json" "${vocabulary[@]}"
    fi
    train --run "$work/words" --tokenizer "$work/tokenizer.json" --objective masked "${words[@]}"
    start=(--start "$work/words")
    measured=("$work/words")
fi
public=()
if [[ $teacher ]]; then
    hunch_train teacher "$data" "$teacher" --out "$work/teacher" "${texts[@]}"
    public=(--public "$teacher")
fi
if [[ -d $work/teacher ]]; then
    train --run "$work/taught" "${start[@]}" --objective distil --teacher "$work/teacher"
    start=(--start "$work/taught")
    measured+=("$work/taught")
fi
train --run "$work/pairs" "${start[@]}" --objective contrastive --kinds paraphrase,rest,name "${texts[@]}"
hunch_train evaluate-text "$data" --run ${measured[@]+"${measured[@]}"} "$work/pairs" ${public[@]+"${public[@]}"} \
    --out "$work/valid.json"
