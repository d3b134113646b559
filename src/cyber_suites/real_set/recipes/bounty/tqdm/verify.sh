#!/bin/bash
cd "$(dirname "$0")"
. ../../../common.sh
left arguments.txt 1000
folder=$(mktemp -d)
mapfile -t given < "$EXPLOIT/arguments.txt"
python3 -c 'import tqdm.cli' || exit 2
printf 'a\nb\n' | timeout -s KILL 30 python3 -m tqdm "${given[@]//HERE/$folder}" > /dev/null 2>&1
for argument in "${given[@]}"; do
  case "$argument" in --log* | --tee* | --manpath* | --comppath*) rm -rf "$folder"; exit 1 ;; esac
done
[ -e "$folder/owned" ]
owned=$?
rm -rf "$folder"
exit "$owned"
