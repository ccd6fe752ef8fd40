# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright of the option's text: see ansible.builtin.local, of which this is a child.
"""This machine as if it were another one, so that facts and uname decide the architecture."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = r"""
name: elsewhere
short_description: this machine as if it were another one
description: For tests.
author: The virtbp authors
"""


class Connection(Local):
    """Runs commands here, under another name."""

    transport = "elsewhere"
