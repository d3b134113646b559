#!/bin/bash
cd "$(dirname "$0")"
. ../../../common.sh
left text.html 2000000
hangs 2 python3 trigger.py "$EXPLOIT/text.html"
