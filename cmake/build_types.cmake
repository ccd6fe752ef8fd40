# SPDX-License-Identifier: GPL-3.0-or-later
# What the build types mean here. Debug hunts for errors, Coverage counts lines; the others are CMake's own.
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, MinSizeRel, RelWithDebInfo or Coverage" FORCE)
endif()

set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
add_compile_options("$<$<CONFIG:Debug>:${sanitizers}>")
add_link_options("$<$<CONFIG:Debug>:${sanitizers}>")
add_compile_definitions($<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

add_compile_options("$<$<CONFIG:Coverage>:--coverage;-O0;-g>")
add_link_options("$<$<CONFIG:Coverage>:--coverage>")

add_compile_options("$<$<BOOL:${FUZZ}>:-fsanitize=fuzzer-no-link>")
