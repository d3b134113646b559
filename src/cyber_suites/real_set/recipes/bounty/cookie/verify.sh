#!/bin/bash
cd "$(dirname "$0")"
. ../../../common.sh
left name.txt 1000
timeout -s KILL 30 node trigger.js "$EXPLOIT/name.txt"
case $? in
  0) exit 0 ;;
  3) exit 2 ;;
  *) exit 1 ;;
esac
