// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/text.hpp"

namespace virtbp {

namespace {

// strerrorname_np(3) came with glibc 2.32; these are the ones that files, knobs and mounts give.
constexpr std::array<std::pair<int, const char*>, 35> names{{
    {EPERM, "EPERM"},
    {ENOENT, "ENOENT"},
    {EINTR, "EINTR"},
    {EIO, "EIO"},
    {ENXIO, "ENXIO"},
    {E2BIG, "E2BIG"},
    {ENOEXEC, "ENOEXEC"},
    {EBADF, "EBADF"},
    {EAGAIN, "EAGAIN"},
    {ENOMEM, "ENOMEM"},
    {EACCES, "EACCES"},
    {EBUSY, "EBUSY"},
    {EEXIST, "EEXIST"},
    {EXDEV, "EXDEV"},
    {ENODEV, "ENODEV"},
    {ENOTDIR, "ENOTDIR"},
    {EISDIR, "EISDIR"},
    {EINVAL, "EINVAL"},
    {ENFILE, "ENFILE"},
    {EMFILE, "EMFILE"},
    {ETXTBSY, "ETXTBSY"},
    {EFBIG, "EFBIG"},
    {ENOSPC, "ENOSPC"},
    {EROFS, "EROFS"},
    {ENAMETOOLONG, "ENAMETOOLONG"},
    {ELOOP, "ELOOP"},
    {ENOSYS, "ENOSYS"},
    {ENODATA, "ENODATA"},
    {EOPNOTSUPP, "EOPNOTSUPP"},
    {ESTALE, "ESTALE"},
    {EUCLEAN, "EUCLEAN"},
    {EDQUOT, "EDQUOT"},
    {ETIMEDOUT, "ETIMEDOUT"},
    {ENOTEMPTY, "ENOTEMPTY"},
    {ERANGE, "ERANGE"},
}};

}  // namespace

std::string errno_text(int number) {
    for (const auto& [known, name] : names)
        if (known == number) return concat({std::strerror(number), " (", name, ")"});
    return concat({std::strerror(number), " (errno ", std::to_string(number), ")"});
}

SystemError::SystemError(std::string_view action, std::string_view path, int errno_number)
    : Error(concat({action, " ", path, ": ", errno_text(errno_number)})), number(errno_number) {}

}  // namespace virtbp
