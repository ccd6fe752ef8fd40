// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libmount.hpp"

namespace virtbp {

SharedLibrary& libmount() {
    static SharedLibrary library({"libmount.so.1"}, "mounts need libmount, a part of util-linux");
    return library;
}

}  // namespace virtbp
