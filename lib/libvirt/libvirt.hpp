// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's client library, opened by the first call of one of its functions.
#pragma once

#include "lib/shared_library.hpp"

namespace virtbp {

SharedLibrary& libvirt();

///     constexpr Libvirt<virConnectOpen> connect_open{"virConnectOpen"};
template <auto declared>
using Libvirt = Imported<libvirt, declared>;

}  // namespace virtbp
