// SPDX-License-Identifier: GPL-3.0-or-later
// Mounts by libmount. A file of its own, so that only the executables that mount need the library.
#include <libmount/libmount.h>

#include <cerrno>
#include <memory>

#include "lib/error.hpp"
#include "lib/system.hpp"

namespace virtbp {

namespace {

using Context = std::unique_ptr<libmnt_context, void (*)(libmnt_context*)>;

Context context() {
    Context made(mnt_new_context(), mnt_free_context);
    if (!made) throw Error("cannot mount: libmount has no memory for a context");
    mnt_context_disable_helpers(made.get(), 1);  // a /sbin/mount.TYPE would be another program's way
    return made;
}

/// Throws SystemError where it failed. libmount's own words for a failure came with 2.30 only: SLES 12 has
/// not got them.
void check(const Context& made, int result, std::string_view action, const std::string& target) {
    if (result == 0 && mnt_context_get_status(made.get()) == 1) return;
    const int number = mnt_context_get_syscall_errno(made.get());  // 0 where it did not come to a system call
    throw SystemError(action, target, number > 0 ? number : (result < 0 ? -result : EINVAL));
}

}  // namespace

void System::mount(const std::string& source, const std::string& target, const std::string& type,
                   const std::string& options) {
    if (!live_) return;
    const auto made = context();
    mnt_context_set_source(made.get(), source.c_str());
    mnt_context_set_target(made.get(), target.c_str());
    mnt_context_set_fstype(made.get(), type.c_str());
    mnt_context_set_options(made.get(), options.c_str());
    check(made, mnt_context_mount(made.get()), "cannot mount", target);
    record("mount", target, options);
}

void System::unmount(const std::string& target) {
    if (!live_) return;
    const auto made = context();
    mnt_context_set_target(made.get(), target.c_str());
    check(made, mnt_context_umount(made.get()), "cannot unmount", target);
    record("unmount", target, "");
}

}  // namespace virtbp
