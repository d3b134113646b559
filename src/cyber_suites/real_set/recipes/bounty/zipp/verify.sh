#!/bin/bash
cd "$(dirname "$0")"
. ../../../common.sh
left archive.zip 100000
hangs 2 python3 trigger.py "$EXPLOIT/archive.zip"
