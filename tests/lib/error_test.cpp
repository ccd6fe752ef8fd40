// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/error.hpp"

#include <cerrno>

#include "tests/lib/catch.hpp"

using namespace virtbp;

TEST_CASE("a failed system call names what, where and why") {
    const SystemError error("cannot write", "/sys/kernel/mm/ksm/run", EINVAL);
    CHECK(std::string(error.what()) == "cannot write /sys/kernel/mm/ksm/run: Invalid argument (EINVAL)");
    CHECK(error.number == EINVAL);
    CHECK_THROWS_AS(throw SystemError("cannot read", "/x", EIO), Error);
}

TEST_CASE("an errno has its name, and one without its number") {
    CHECK(errno_text(ENOSPC) == "No space left on device (ENOSPC)");
    CHECK(errno_text(EWOULDBLOCK) == "Resource temporarily unavailable (EAGAIN)");
    CHECK(errno_text(ENOTSUP) == "Operation not supported (EOPNOTSUPP)");
    CHECK(errno_text(9999) == "Unknown error 9999 (errno 9999)");
}
