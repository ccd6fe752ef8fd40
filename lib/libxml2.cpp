// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libxml2.hpp"

namespace virtbp {

SharedLibrary& libxml2() {
    // .16 is libxml2 2.14 and later; nothing that is called has changed between them.
    static SharedLibrary library({"libxml2.so.2", "libxml2.so.16"},
                                 "XML needs libxml2 (package libxml2, or libxml2-2 on SUSE)");
    return library;
}

}  // namespace virtbp
