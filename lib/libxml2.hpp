// SPDX-License-Identifier: GPL-3.0-or-later
// libxml2, opened by the first call of one of its functions (docs/decisions/0024-libvirt-and-libxml2.md).
#pragma once

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include "lib/shared_library.hpp"

namespace virtbp {

SharedLibrary& libxml2();

///     constexpr LibXml<xmlFreeDoc> free_document{"xmlFreeDoc"};
template <auto declared>
using LibXml = Imported<libxml2, declared>;

}  // namespace virtbp
