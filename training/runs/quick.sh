#!/usr/bin/env bash
# The baseline of static.sh: the plainest static encoder, trained on the same pairs and measured on the same sets.
#
#   training/runs/quick.sh [DATA] [WORK]      three minutes; needs the vocabulary and the cache that static.sh made in WORK
#   SMALL=1 training/runs/quick.sh ...        the same steps on 2,000 rows a file, seconds, measured on the valid sets
#   PYTHON=.venv/bin/python                   the interpreter, with training/ installed
set -euo pipefail

data=${1:-../shared/data}
work=${2:-runs/static}
python=${PYTHON:-python}

limits=(--epochs 3)
split=test
if [[ ${SMALL:-} ]]; then
    limits=(--epochs 1 --limit 2000 --batch 256)
    split=valid
fi

"$python" -m hunch_training.cli joint "$data" --tokenizer "$work/tokenizer.json" --cache "$work/cache" --run "$work/quick" \
    "${limits[@]}" --averaging 0 --learning-rate 3e-3 --weight-rate 1 --query-token-dropout 0 --code-token-dropout 0 \
    --name-dropout 0 --path-dropout 0 --documentation-share 0 --questions 0 --neighbours 1
"$python" -m hunch_training.cli evaluate "$data" --tokenizer "$work/tokenizer.json" --run "$work/quick" --split "$split"
