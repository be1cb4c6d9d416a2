#!/usr/bin/env bash
# Trains the general-purpose text encoder: vocabulary, hidden words, a public encoder's vectors, pairs; then measures it.
#
#   training/runs/text.sh [DATA] [WORK] [TEACHER]    about 25 minutes on two cores; goes on where it was cut off
#   SMALL=1 training/runs/text.sh ...                the same steps on a few rows, under a minute
#   PYTHON=.venv/bin/python                          the interpreter, with the dependency groups train and compare
#
# TEACHER is a folder that transformers saved (see hunch-train teacher). Without it, and without its vectors in
# WORK/teacher, that step is left out.
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/text}
teacher=${3:-}
python=${PYTHON:-python}

vocabulary=(--size 32000)
settings=(--layers 2 --batch 128 --epochs 1)
words=(--every 40)
texts=(--every 20)
threads=2
if [[ ${SMALL:-} ]]; then
    vocabulary=(--size 1000 --limit 500)
    settings=(--layers 1 --dim 64 --batch 16 --epochs 1 --limit 100)
    words=() texts=() threads=1
fi
hunch_train() {
    "$python" -m hunch_training.cli "$@" --threads "$threads"
}

mkdir -p "$work"
if [[ ! -f $work/tokenizer.json ]]; then
    "$python" -m hunch_training.train_tokenizer "$data" "$work/tokenizer.json" "${vocabulary[@]}"
fi
train() {
    hunch_train text-encoder "$data" "${settings[@]}" "$@"
}
train --run "$work/words" --tokenizer "$work/tokenizer.json" --objective masked ${words[@]+"${words[@]}"}
start=$work/words
measured=("$start")
if [[ $teacher ]]; then
    hunch_train teacher "$data" "$teacher" --out "$work/teacher" ${texts[@]+"${texts[@]}"}
fi
if [[ -d $work/teacher ]]; then
    train --run "$work/taught" --start "$start" --objective distil --teacher "$work/teacher"
    start=$work/taught
    measured+=("$start")
fi
train --run "$work/pairs" --start "$start" --objective contrastive --kinds paraphrase,rest,name ${texts[@]+"${texts[@]}"}
measured+=("$work/pairs")
public=()
if [[ $teacher ]]; then
    public=(--public "$teacher")
fi
hunch_train evaluate-text "$data" --run "${measured[@]}" ${public[@]+"${public[@]}"} --out "$work/valid.json"
