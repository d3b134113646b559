#!/bin/bash
cd "$(dirname "$0")"
. ../../../common.sh
left text.json5 10000
timeout -s KILL 30 node trigger.js "$EXPLOIT/text.json5"
case $? in
  0) exit 0 ;;
  3) exit 2 ;;
  *) exit 1 ;;
esac
