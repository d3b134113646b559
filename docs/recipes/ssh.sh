#!/bin/bash
# ssh.sh PLAN OUT HOST…     one shard a host, over plain ssh; each host has the package installed
#
# No folder need be shared: PLAN goes out and the shards come back. The same command again goes on
# where it stopped, as each host keeps its shard. Exit code 1 if one did not come to its end.
set -u
plan=$1 out=$2
shift 2
remote=peer-preservation-runs/$(basename "$out")
mkdir -p "$out"

shard() {
  local number=$1 count=$2 host=$3 place=$remote/shard-$1 code
  ssh "$host" "mkdir -p $place && cat > $remote/plan.toml" < "$plan" || return 1
  ssh -n "$host" "peer-preservation run $remote/plan.toml --shard $number/$count --out $place"
  code=$?
  # what there is comes back, also of a shard that did not come to its end
  mkdir -p "$out/shard-$number"
  ssh -n "$host" "tar -C $place -cf - ." | tar -C "$out/shard-$number" -xf - || code=1
  [ $code = 0 ] || echo "shard $number/$count on $host: exit code $code" >&2
  return $code
}

code=0 number=0 pids=()
for host in "$@"; do
  number=$((number + 1))
  shard $number $# "$host" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || code=1; done
exit $code
