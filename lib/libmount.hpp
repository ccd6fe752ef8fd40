// SPDX-License-Identifier: GPL-3.0-or-later
// util-linux's libmount, opened by the first call of one of its functions (docs/decisions/0019-libmount.md).
#pragma once

#include <libmount/libmount.h>

#include "lib/shared_library.hpp"

namespace virtbp {

SharedLibrary& libmount();

///     constexpr LibMount<mnt_mangle> mangle{"mnt_mangle"};
template <auto declared>
using LibMount = Imported<libmount, declared>;

}  // namespace virtbp
