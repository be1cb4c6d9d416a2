#!/usr/bin/env bash
# What each regularisation and each remedy against frequent words does, one change at a time, on part of the pairs.
#
#   training/runs/seq2seq_ablations.sh [DATA] [WORK]     about half an hour of one core; goes on where it was cut off
#   SMALL=1 training/runs/seq2seq_ablations.sh ...       the same steps on a few rows, minutes
#   TRAIN=.venv/bin/hunch-train                          the command, of training/ as it is installed
#   FAST="--bf16"                                        for processors that compute in bfloat16, and for GPUs
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/seq2seq_ablations}
train=${TRAIN:-hunch-train}
pairs=$data/packages_pairs/python.train.jsonl.gz

settings=(--vocabulary 4000 --longest-source 48 --longest-target 24 --batch-tokens 1024 --dim 128 --epochs 8
    --every 40 --patience 2 --warmup 100 --learning-rate 3e-3 --threads 1)
report=(--limit 600)
if [[ ${SMALL:-} ]]; then
    settings=(--vocabulary 300 --batch-tokens 1000 --dim 64 --epochs 2 --limit 300 --threads 1)
    report=(--limit 20)
fi
export OMP_NUM_THREADS=1

mkdir -p "$work"
runs=()
one() {
    local name=$1
    shift
    runs+=("$work/$name")
    local vocabulary=(--subwords "$work/base/subwords.json")
    [[ $name != base && $name != word-level ]] || vocabulary=()
    "$train" seq2seq "$pairs" --run "$work/$name" "${settings[@]}" ${vocabulary[@]+"${vocabulary[@]}"} "$@" ${FAST:-}
}
one base
one no-weight-decay --weight-decay 0
one no-dropout --dropout 0
one dropout-0.3 --dropout 0.3
one label-smoothing --label-smoothing 0.1
one frequent-weight --frequent-weight 0.2
one teacher-forcing-0.7 --teacher-forcing 0.7
one constant-rate --schedule constant
one word-level --word-level
"$train" evaluate-seq2seq "${pairs/.train/.valid}" "${runs[@]}" --out "$work/report" ${report[@]+"${report[@]}"}
