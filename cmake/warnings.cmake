# SPDX-License-Identifier: GPL-3.0-or-later
# Warnings for our own targets only: link with `warnings`, privately.
add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                                          $<$<BOOL:${WERROR}>:-Werror>)
