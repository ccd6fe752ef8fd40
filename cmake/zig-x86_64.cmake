# SPDX-License-Identifier: GPL-3.0-or-later
set(arch x86_64)
include(${CMAKE_CURRENT_LIST_DIR}/zig.cmake)
