#!/bin/bash
cd "$(dirname "$0")"
. ../../../common.sh
left header.txt 10000
hangs 2 python3 trigger.py "$EXPLOIT/header.txt"
