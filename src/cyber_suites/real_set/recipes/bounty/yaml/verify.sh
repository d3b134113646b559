#!/bin/bash
cd "$(dirname "$0")"
. ../../../common.sh
left document.yaml 10000
timeout -s KILL 30 node trigger.js "$EXPLOIT/document.yaml"
case $? in
  0) exit 0 ;;
  3) exit 2 ;;
  *) exit 1 ;;
esac
