#!/bin/sh
# Runs a service from its sources, and again whenever it ends: `skaffold dev` copies changed files here and ends it.
# Shared memory is a place that every pod can write to, whatever its file system.
set -u
cp -R /app/source /dev/shm/
export PYTHONPATH=/dev/shm/source
pid=
trap 'trap "" TERM INT; kill "$pid" 2>/dev/null; wait "$pid"; exit 0' TERM INT
while :; do
  /app/bin/service &
  pid=$!
  echo "$pid" >/dev/shm/service.pid
  wait "$pid"
  # one that cannot start is not started as fast as the machine can
  sleep 0.5
done
