# SPDX-License-Identifier: GPL-3.0-or-later
# Toolchain of the executables that we ship: zig brings clang, libc++ and every glibc's symbols, so that one build
# runs on all distributions since SLES 12. The including file sets `arch`. scripts/setup installs zig; -DZIG=… or the
# environment's ZIG name another one.
file(GLOB installed ${CMAKE_CURRENT_LIST_DIR}/../build/venv/zig/lib/python3*/site-packages/ziglang)
find_program(ZIG zig HINTS ENV ZIG ${installed} REQUIRED)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ZIG)

# Where it is this machine's own architecture, the executables run here and write their documents.
if(NOT arch STREQUAL CMAKE_HOST_SYSTEM_PROCESSOR)
    set(CMAKE_SYSTEM_NAME Linux)
    set(CMAKE_SYSTEM_PROCESSOR ${arch})
endif()

set(CMAKE_CXX_COMPILER ${ZIG} c++)
set(CMAKE_CXX_COMPILER_TARGET ${arch}-linux-gnu.2.22)
set(CMAKE_CXX_ARCHIVE_CREATE "${ZIG} ar qcs <TARGET> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_FINISH "")
# zig's driver takes -Oz for -Os; the compiler behind it is told, which saves an eighth of an executable.
set(CMAKE_CXX_FLAGS_INIT "-Xclang -Oz -flto -ffunction-sections -fdata-sections")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-flto -s -Wl,--gc-sections")
