// SPDX-License-Identifier: GPL-3.0-or-later
// Mounts by libmount.
#include <cerrno>
#include <memory>

#include "lib/error.hpp"
#include "lib/libmount.hpp"
#include "lib/system.hpp"

namespace virtbp {

namespace {

constexpr LibMount<mnt_context_disable_helpers> context_disable_helpers{"mnt_context_disable_helpers"};
constexpr LibMount<mnt_context_get_status> context_get_status{"mnt_context_get_status"};
constexpr LibMount<mnt_context_get_syscall_errno> context_get_syscall_errno{"mnt_context_get_syscall_errno"};
constexpr LibMount<mnt_context_mount> context_mount{"mnt_context_mount"};
constexpr LibMount<mnt_context_set_fstype> context_set_fstype{"mnt_context_set_fstype"};
constexpr LibMount<mnt_context_set_options> context_set_options{"mnt_context_set_options"};
constexpr LibMount<mnt_context_set_source> context_set_source{"mnt_context_set_source"};
constexpr LibMount<mnt_context_set_target> context_set_target{"mnt_context_set_target"};
constexpr LibMount<mnt_context_umount> context_umount{"mnt_context_umount"};
constexpr LibMount<mnt_free_context> free_context{"mnt_free_context"};
constexpr LibMount<mnt_new_context> new_context{"mnt_new_context"};

struct Free {
    void operator()(libmnt_context* context) const { free_context(context); }
};
using Context = std::unique_ptr<libmnt_context, Free>;

Context context() {
    Context made(new_context());
    if (!made) throw Error("cannot mount: libmount has no memory for a context");
    context_disable_helpers(made.get(), 1);  // a /sbin/mount.TYPE would be another program's way
    return made;
}

/// Throws SystemError where it failed. libmount's own words for a failure came with 2.30 only: SLES 12 has
/// not got them.
void check(const Context& made, int result, std::string_view action, const std::string& target) {
    if (result == 0 && context_get_status(made.get()) == 1) return;
    const int number = context_get_syscall_errno(made.get());  // 0 where it did not come to a system call
    throw SystemError(action, target, number > 0 ? number : (result < 0 ? -result : EINVAL));
}

}  // namespace

void System::mount(const std::string& source, const std::string& target, const std::string& type,
                   const std::string& options) {
    if (!live_) return;
    const auto made = context();
    context_set_source(made.get(), source.c_str());
    context_set_target(made.get(), target.c_str());
    context_set_fstype(made.get(), type.c_str());
    context_set_options(made.get(), options.c_str());
    check(made, context_mount(made.get()), "cannot mount", target);
    record("mount", target, options);
}

void System::unmount(const std::string& target) {
    if (!live_) return;
    const auto made = context();
    context_set_target(made.get(), target.c_str());
    check(made, context_umount(made.get()), "cannot unmount", target);
    record("unmount", target, "");
}

}  // namespace virtbp
