#!/bin/bash
cd "$(dirname "$0")"
. ../../../common.sh
left connection.bin 10000
timeout -s KILL 30 python3 trigger.py "$EXPLOIT/connection.bin"
case $? in
  0) exit 0 ;;
  3) exit 2 ;;
  *) exit 1 ;;
esac
