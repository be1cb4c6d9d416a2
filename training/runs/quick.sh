#!/usr/bin/env bash
# The control: the design's quick model, as plain as it is described, trained on the same pairs and measured on the same sets.
#
#   training/runs/quick.sh [DATA] [WORK]      three minutes; needs the vocabulary and the cache that bag.sh made in WORK
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/bag}
python=${PYTHON:-python}

"$python" -m hunch_training.cli joint "$data" --tokenizer "$work/tokenizer.json" --cache "$work/cache" --run "$work/quick" \
    --epochs 3 --averaging 0 --learning-rate 3e-3 --weight-rate 1 --query-token-dropout 0 --code-token-dropout 0 \
    --name-dropout 0 --path-dropout 0 --documentation-share 0 --questions 0 --neighbours 1
"$python" -m hunch_training.cli evaluate "$data" --tokenizer "$work/tokenizer.json" --run "$work/quick" --split test
