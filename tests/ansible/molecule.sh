#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The molecule scenario as one test, from the project's root.
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: all: only root changes the kernel's knobs"
    exit 77
fi
PATH=$PWD/build/venv/tools/bin:$PATH
molecule reset >/dev/null # of a run that was ended: it would count as prepared
exec molecule test
