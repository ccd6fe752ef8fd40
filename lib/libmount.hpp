// SPDX-License-Identifier: GPL-3.0-or-later
// libmount, opened by the first call of one of its functions: it brings three more libraries, whose start
// costs as much as all else that a module does, and most calls have nothing to do with mounts
// (docs/decisions/0019-libmount.md).
#pragma once

#include <libmount/libmount.h>

namespace virtbp {

/// A function of util-linux's libmount.so.1. Throws Error where there is no such library or function.
void* find_in_libmount(const char* function);

/// A function of libmount, called as the one that its header declares:
///     constexpr LibMount<mnt_mangle> mangle{"mnt_mangle"};
/// Only the type of `declared` is used, so nothing is linked.
template <auto declared>
class LibMount;

template <class Result, class... Parameters, Result (*declared)(Parameters...)>
class LibMount<declared> {
public:
    explicit constexpr LibMount(const char* name) : name_(name) {}

    Result operator()(Parameters... parameters) const {
        return reinterpret_cast<Result (*)(Parameters...)>(find_in_libmount(name_))(parameters...);
    }

private:
    const char* name_;
};

}  // namespace virtbp
