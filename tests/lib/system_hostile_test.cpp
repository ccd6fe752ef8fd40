// SPDX-License-Identifier: GPL-3.0-or-later
// A root that may be a hostile guest's: nothing outside is seen, and nothing hangs.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "lib/error.hpp"
#include "lib/system.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/child.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;
using Catch::Contains;

TEST_CASE("FIFOs, sockets and devices are refused unopened") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/etc/x", "");
    REQUIRE(mkfifo((tree.root() + "/fifo").c_str(), 0600) == 0);
    const int server = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE((tree.root() + "/socket").copy(address.sun_path, sizeof address.sun_path - 1) > 0);
    REQUIRE(bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    close(server);
    std::vector<std::string> paths{"/fifo", "/socket"};
    if (mknod((tree.root() + "/null").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0)
        paths.emplace_back("/null");
    else WARN(skipped("a device node"));
    tree.link("/link-to-fifo", "fifo");
    paths.emplace_back("/link-to-fifo");
    const System system(tree.root(), GENERATE(from_range(ways())));
    for (const auto& path : paths) {
        INFO(path);
        CHECK_THROWS_WITH(system.read(path), path + " is not a regular file");
        CHECK_THROWS_WITH(system.read_if(path), path + " is not a regular file");
        CHECK(system.list(path).empty());
        CHECK(system.exists(path));
    }
    CHECK(system.kind("/fifo") == Kind::other);
    CHECK(system.kind("/link-to-fifo") == Kind::link);
    CHECK_FALSE(system.block_device("/fifo"));
}

TEST_CASE("a block device is known by its number, links followed") {
    const Deadline deadline;
    const Tree tree;
    tree.link("/dev/disk/by-id/x", "../../sdx");
    if (mknod((tree.root() + "/dev/sdx").c_str(), S_IFBLK | 0600, makedev(259, 77)) != 0) {
        WARN(skipped("a block device node"));
        return;
    }
    const System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(system.block_device("/dev/sdx") == makedev(259, 77));
    CHECK(system.block_device("/dev/disk/by-id/x") == makedev(259, 77));
    CHECK(system.resolve("/dev/disk/by-id/x") == "/dev/sdx");
    CHECK_FALSE(system.block_device("/dev/disk"));
    CHECK_FALSE(system.block_device("/dev/sdy"));
}

TEST_CASE("a file larger than the limit is refused") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/exact", "0123456789");
    tree.file("/huge", "");
    REQUIRE(truncate((tree.root() + "/huge").c_str(), (1L << 40)) == 0);
    const System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(system.read("/exact", 10) == "0123456789");
    CHECK_THROWS_WITH(system.read("/exact", 9), Contains("/exact is larger than 9 bytes"));
    CHECK_THROWS_WITH(system.read("/huge"), Contains("/huge is larger than 16777216 bytes"));
    CHECK_THROWS_WITH(system.read_if("/huge"), Contains("/huge is larger"));
}

TEST_CASE("a file that grows while it is read comes to an end") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/log", "begin");
    std::atomic<bool> done = false;
    std::thread writer([&] {
        const int file = open((tree.root() + "/log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
        const std::string block(1U << 16U, 'x');
        while (!done && write(file, block.data(), block.size()) > 0) {}
        close(file);
    });
    std::string end;
    for (const auto way : ways()) {
        try {
            const auto text = System(tree.root(), way).read("/log", 1U << 20U);
            end = text.size() <= (1U << 20U) ? "whole" : "more than the limit";
        } catch (const Error& error) {
            end = error.what();
        }
        if (end != "whole") CHECK(end == "/log is larger than 1048576 bytes, which no file of its kind is");
    }
    done = true;
    writer.join();
}

TEST_CASE("what may not be looked at is an error, not something missing") {
    const Tree tree;
    tree.file("/etc/secret", "text");
    tree.file("/closed/file", "text");
    REQUIRE(chmod(tree.root().c_str(), 0755) == 0);
    REQUIRE(chmod((tree.root() + "/etc/secret").c_str(), 0) == 0);
    REQUIRE(chmod((tree.root() + "/closed").c_str(), 0) == 0);
    for (const auto way : ways())
        check_child(in_child([&]() -> std::string {
            if (geteuid() == 0 && setuid(65534) != 0) return skipped("setuid");
            const System system(tree.root(), way);
            std::string found;
            const auto expect = [&found](const std::string& wanted, const std::function<void()>& look) {
                try {
                    look();
                    found += wanted + ": nothing thrown\n";
                } catch (const SystemError& error) {
                    if (wanted != error.what() || error.number != EACCES)
                        found += wanted + ": " + error.what() + "\n";
                }
            };
            const std::string denied = ": Permission denied (EACCES)";
            expect("cannot read /etc/secret" + denied, [&] { system.read_if("/etc/secret"); });
            expect("cannot read /closed/file" + denied, [&] { system.read_if("/closed/file"); });
            expect("cannot look at /closed/file" + denied, [&] { system.exists("/closed/file"); });
            expect("cannot look at /closed/file" + denied, [&] { system.kind("/closed/file"); });
            expect("cannot look at /closed/file" + denied, [&] { system.resolve("/closed/file"); });
            expect("cannot look at /closed/file" + denied, [&] { system.link("/closed/file"); });
            expect("cannot list /closed" + denied, [&] { system.list("/closed"); });
            return found;
        }));
    chmod((tree.root() + "/closed").c_str(), 0755);
}

TEST_CASE("a folder that is moved out of the root while paths go through it shows nothing of the outside") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/outside/secret", "secret");
    tree.file("/root/in/deep/below/file", "file");
    std::filesystem::create_directories(tree.root() + "/out");
    const System system(tree.root() + "/root", GENERATE(from_range(ways())));
    std::atomic<bool> done = false;
    std::thread mover([&] {
        const auto inside = tree.root() + "/root/in/deep", outside = tree.root() + "/out/deep";
        while (!done) {
            rename(inside.c_str(), outside.c_str());
            rename(outside.c_str(), inside.c_str());
        }
    });
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    int stolen = 0;
    while (std::chrono::steady_clock::now() < end) {
        for (const auto* path :
             {"/in/deep/below/../../../outside/secret", "/in/deep/../../../outside/secret"}) {
            try {
                stolen += system.read_if(path) ? 1 : 0;
            } catch (const SystemError&) {
                // EAGAIN: moved too often.
            }
        }
    }
    done = true;
    mover.join();
    CHECK(stolen == 0);
}

TEST_CASE("only / is the live root, however it is called") {
    const Tree tree;
    CHECK(System("/").is_live());
    CHECK(System("//").is_live());
    CHECK(System("/proc/self/root").is_live());
    CHECK(System("/").root() == "/");
    CHECK_FALSE(System(tree.root()).is_live());
    tree.link("/root", ".");
    CHECK(System(tree.root() + "/root").root() == tree.root());
    CHECK_THROWS_WITH(System(tree.root() + "/missing"),
                      Contains("cannot open the root directory") &&
                          Contains("/missing: No such file or directory (ENOENT)"));
    tree.file("/file", "");
    CHECK_THROWS_WITH(System(tree.root() + "/file"), Contains("Not a directory (ENOTDIR)"));
}

TEST_CASE("the same folder under another name is not the live root") {
    const Tree tree;
    check_child(in_child([&]() -> std::string {
        if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("/", tree.root().c_str(), "", MS_BIND, nullptr) != 0)
            return skipped("a bind mount");
        return System(tree.root()).is_live() ? "it is" : "";
    }));
}

TEST_CASE("without /proc nothing is taken for missing") {
    const Tree tree;
    tree.file("/etc/real", "text");
    check_child(in_child([&]() -> std::string {
        if (chroot(tree.root().c_str()) != 0) return skipped("chroot");
        try {
            System("/");
            return "no error";
        } catch (const SystemError& error) {
            const std::string text = error.what();
            return text == "cannot look at /proc/self/fd: No such file or directory (ENOENT)" ? "" : text;
        }
    }));
}
