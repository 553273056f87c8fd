#!/bin/sh
# Renews the example report, its picture, and the evaluation that the page shows for the starter model. Run it from the
# root of the repository after the starter model was retrained, with `leitmotif` and Chromium on the path (or in LEITMOTIF
# and CHROMIUM). It trains five models, so it takes a few minutes; the same records give the same files.
set -eu
data=training-data
"${LEITMOTIF:-leitmotif}" evaluate --split group --folds 5 --narratives $data/narratives.jsonl --cases $data/cases.jsonl \
    --texts $data/texts.jsonl --background $data/background.jsonl --settings $data/settings.json \
    --report docs/examples/starter-report.html --json >models/starter.evaluation.json.new
mv models/starter.evaluation.json.new models/starter.evaluation.json
# Chromium needs --no-sandbox only when run as root.
sandbox=$([ "$(id -u)" -ne 0 ] || echo --no-sandbox)
"${CHROMIUM:-chromium}" --headless $sandbox --hide-scrollbars --window-size=1200,1400 \
    --screenshot="$PWD/docs/screenshots/report.png" "file://$PWD/docs/examples/starter-report.html" 2>/dev/null
