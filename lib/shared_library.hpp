// SPDX-License-Identifier: GPL-3.0-or-later
// Libraries that are opened by the first call of one of their functions. Some calls of a module do not need
// them, and their start costs as much as all else that it does; where one is missing, a result says so, and
// not the loader (docs/decisions/0019-libmount.md, 0024-libvirt-and-libxml2.md).
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace virtbp {

class SharedLibrary {
public:
    /// The first of `names` that is there is opened. `needed` begins the message where none is: "mounts need
    /// libmount, a part of util-linux".
    SharedLibrary(std::vector<const char*> names, std::string_view needed)
        : names_(std::move(names)), needed_(needed) {}

    /// A function or variable of it. Throws Error where there is no such library, or nothing of that name in
    /// it.
    void* find(const char* name);

private:
    std::vector<const char*> names_;
    std::string_view needed_;
    void* library_ = nullptr;
};

/// A function of such a library, called as the one that its header declares:
///     constexpr Imported<libmount, mnt_mangle> mangle{"mnt_mangle"};
/// Only the type of `declared` is used, so nothing is linked.
template <SharedLibrary& (*library)(), auto declared>
class Imported;

template <SharedLibrary& (*library)(), class Result, class... Parameters, Result (*declared)(Parameters...)>
class Imported<library, declared> {
public:
    explicit constexpr Imported(const char* name) : name_(name) {}

    Result operator()(Parameters... parameters) const {
        return reinterpret_cast<Result (*)(Parameters...)>(library().find(name_))(parameters...);
    }

private:
    const char* name_;
};

}  // namespace virtbp
