#!/usr/bin/env bash
# What is wanted most from a machine with a GPU, within nine minutes; run again to go on.
#
#   python -m experiments.gpu.pack --shards shards --domains data/domains.csv -o gpu-data
#   bash experiments/gpu.sh gpu-data runs/gpu
#
# First the released networks are compared with the CPU and their speed is measured; then the
# networks of the paper are trained on the full grids of 2 Å, the steerable one before the
# conventional one, on all parts of the training set. Checkpoints and results are in the second
# folder. A part is tested once, when its training is complete. Needs torch, e3nn, numba, numpy,
# pyarrow and pydantic. DEVICE=cpu and EPOCHS=1 try the command without a GPU.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data=$1 runs=$2
limit=${LIMIT:-520} device=${DEVICE:-cuda}
mkdir -p "$runs"

if [ ! -f "$runs/speed.json" ]; then
  python -m experiments.gpu.speed --device "$device" ${EPOCHS:+--times 1 --seconds 0.1} \
    -o "$runs/speed.json"
fi
for part in 1 2 4 8 16; do
  for network in steerable resnet34-half; do
    left=$((limit - SECONDS))
    if [ "$left" -lt 15 ]; then echo "out of time; run again to go on"; exit 0; fi
    python -m experiments.cath.paper --shards "$data" --domains "$data/domains.csv" \
      --network "$network" --fraction "$part" --device "$device" --time-limit "$left" \
      ${EPOCHS:+--epochs "$EPOCHS"} ${SPACING:+--spacing "$SPACING"} ${CROP:+--crop} \
      --runs "$runs/paper" -o "$runs/results"
  done
done
echo "complete: $runs/results"
