#!/usr/bin/env bash
# Trains both models that write documentation, and measures what they write about functions of unseen packages.
#
#   training/runs/seq2seq.sh [DATA] [WORK]       two hours on two cores with bfloat16, three or more without; minutes on
#                                                a GPU; goes on where it was cut off
#   SMALL=1 training/runs/seq2seq.sh ...         the same steps on a few rows, under a minute
#   TRAIN=.venv/bin/hunch-train                  the command, of training/ as it is installed
#   FAST="--bf16"                                for processors that compute in bfloat16 (lscpu | grep bf16) and for GPUs
#   SPLIT=valid                                  what is measured on: test is for the final evaluation
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/seq2seq}
train=${TRAIN:-hunch-train}
pairs=$data/packages_pairs/python.train.jsonl.gz
measured=$data/packages_pairs/python.${SPLIT:-valid}.jsonl.gz

# One thread a model and both at once: small steps on two threads wait for each other most of the time.
settings=(--vocabulary 8000 --longest-source 64 --longest-target 32 --batch-tokens 4096 --epochs 3 --threads 1)
rnn=(--dim 256 --warmup 400 --learning-rate 1.5e-3)
transformer=(--dim 192 --warmup 800 --learning-rate 2e-3 --compile)
report=(--beams 2)
if [[ ${SMALL:-} ]]; then
    settings=(--vocabulary 300 --batch-tokens 1000 --dim 64 --epochs 2 --limit 500 --threads 1)
    rnn=(--warmup 400)
    transformer=(--warmup 1000)
    report=(--limit 20)
fi
export OMP_NUM_THREADS=1

mkdir -p "$work"
"$train" seq2seq "$pairs" --run "$work/rnn" --model rnn "${settings[@]}" "${rnn[@]}" ${FAST:-} &
first=$!
trap 'kill "$first" 2> /dev/null || true' EXIT
"$train" seq2seq "$pairs" --run "$work/transformer" --model transformer "${settings[@]}" "${transformer[@]}" ${FAST:-}
wait "$first"
"$train" evaluate-seq2seq "$measured" "$work/rnn" "$work/transformer" --nearest "$pairs" --together --out "$work/report" "${report[@]}"
