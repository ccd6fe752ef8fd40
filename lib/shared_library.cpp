// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/shared_library.hpp"

#include <dlfcn.h>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

void* SharedLibrary::find(const char* name) {
    for (const auto* file : names_)
        if (library_ == nullptr) library_ = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    void* const found = library_ != nullptr ? dlsym(library_, name) : nullptr;
    if (found == nullptr) throw Error(concat({needed_, ": ", dlerror()}));
    return found;
}

}  // namespace virtbp
