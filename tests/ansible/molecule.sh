#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The molecule scenarios as one test, from the project's root.
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: all: only root changes the kernel's knobs"
    exit 77
fi
PATH=$PWD/build/venv/tools/bin:$PATH
molecule reset >/dev/null # of a run that was ended: it would count as prepared
molecule test || exit
if ! command -v virsh >/dev/null || ! command -v qemu-system-x86_64 >/dev/null; then
    echo "skipped: scenario guest: no virsh or no qemu-system-x86_64"
    exit 0
fi
molecule reset --scenario-name guest >/dev/null
exec molecule test --scenario-name guest
