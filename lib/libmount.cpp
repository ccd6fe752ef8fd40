// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libmount.hpp"

#include <dlfcn.h>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

void* find_in_libmount(const char* function) {
    static void* const library = dlopen("libmount.so.1", RTLD_NOW | RTLD_LOCAL);
    void* const found = library != nullptr ? dlsym(library, function) : nullptr;
    if (found == nullptr) throw Error(concat({"mounts need libmount, a part of util-linux: ", dlerror()}));
    return found;
}

}  // namespace virtbp
