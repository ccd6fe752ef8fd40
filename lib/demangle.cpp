// SPDX-License-Identifier: GPL-3.0-or-later
// libc++'s handler of uncaught exceptions prints a type's name for people, and brings 100 KB of demangler
// into each executable for it. Here main() catches all, so the name is never printed: this takes the
// demangler's place.
#include <cstddef>  // NOLINT(misc-include-cleaner): tells which library this is

#ifdef _LIBCPP_VERSION

extern "C" char* __cxa_demangle(const char*, char*, std::size_t*, int* status) {
    if (status != nullptr) *status = -1;  // as for want of memory: the handler then prints the name as it is
    return nullptr;
}

#endif
