// SPDX-License-Identifier: GPL-3.0-or-later
// Replacing a file: everything but its text stays, and what fails leaves the old one whole.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/error.hpp"
#include "lib/system.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/child.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

constexpr const char* access_acl = "system.posix_acl_access";

/// An access control list as the kernel stores it (linux/posix_acl_xattr.h): rw for the owner, r for user 1,
/// r as mask.
std::string acl_with_user_1() {
    const auto entry = [](int tag, int permission, unsigned id) {
        std::string bytes;
        for (const unsigned value :
             {static_cast<unsigned>(tag) | static_cast<unsigned>(permission) << 16U, id})
            for (unsigned shift = 0; shift < 32; shift += 8)
                bytes += static_cast<char>(value >> shift & 0xffU);
        return bytes;
    };
    constexpr unsigned nobody = 0xffffffff;
    return std::string("\2\0\0\0", 4) + entry(0x01, 6, nobody) + entry(0x02, 4, 1) + entry(0x04, 4, nobody) +
           entry(0x10, 4, nobody) + entry(0x20, 0, nobody);
}

std::string attribute(const std::string& file, const char* name) {
    std::array<char, 256> value{};
    const auto size = getxattr(file.c_str(), name, value.data(), value.size());
    return size < 0 ? "none" : std::string(value.data(), static_cast<size_t>(size));
}

bool set_attribute(const std::string& file, const char* name, const std::string& value) {
    if (setxattr(file.c_str(), name, value.data(), value.size(), 0) == 0) return true;
    WARN(skipped(std::string(name) + " in " + file));
    return false;
}

struct stat status_of(const std::string& file) {
    struct stat status{};
    REQUIRE(lstat(file.c_str(), &status) == 0);
    return status;
}

/// How replacing ends: "" or the error's text.
std::string replaced_by(System& system, const std::string& path, const std::string& text) {
    try {
        system.replace(path, text);
        return "";
    } catch (const Error& error) {
        return error.what();
    }
}

/// In a child: /etc is a filesystem of 16 KiB in a mount namespace of its own, with the file /etc/x that
/// holds "old".
bool mount_small(const Tree& tree) {
    const auto etc = tree.root() + "/etc";
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("small", etc.c_str(), "tmpfs", 0, "size=16k") != 0)
        return false;
    tree.file("/etc/x", "old");
    return true;
}

/// What is wrong after a failed replacement of /etc/x: the error, the old text, what is left in the folder.
std::string expect_failed(System& system, const std::string& found, const std::string& wanted) {
    if (found != wanted) return "wanted " + wanted + ", found " + found;
    if (system.read("/etc/x") != "old") return "the old file holds " + system.read("/etc/x");
    if (system.list("/etc") != std::vector<std::string>{"x"}) return "something is left in the folder";
    if (!system.journal().empty()) return "the journal tells of a change";
    return "";
}

/// The inode's flags, as chattr(1) sets them. False where the filesystem has none.
bool set_immutable(const std::string& file, bool immutable) {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    int flags = 0;
    bool done = ioctl(descriptor, FS_IOC_GETFLAGS, &flags) == 0;
    flags = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    done = done && ioctl(descriptor, FS_IOC_SETFLAGS, &flags) == 0;
    close(descriptor);
    return done;
}

}  // namespace

TEST_CASE("a new file has the mode that is asked for, and its folders are made") {
    const Tree tree;
    System system(tree.root(), GENERATE(from_range(ways())));
    const mode_t before = umask(022);
    system.replace("/etc/a/b/new.conf", "text", 0640);
    umask(before);
    CHECK(system.read("/etc/a/b/new.conf") == "text");
    CHECK((status_of(tree.root() + "/etc/a/b/new.conf").st_mode & 07777U) == 0640);
    CHECK((status_of(tree.root() + "/etc/a").st_mode & 07777U) == 0755);
    CHECK(system.list("/etc/a/b") == std::vector<std::string>{"new.conf"});
    REQUIRE(system.journal().size() == 4);
    CHECK(system.journal()[0].verb == "mkdir");
    CHECK(system.journal()[2].path == "/etc/a/b");
    CHECK(system.journal()[3].verb == "replace");
    CHECK(system.journal()[3].path == "/etc/a/b/new.conf");
    CHECK(system.journal()[3].text == "text");
}

TEST_CASE("a replaced file keeps owner, mode, access control list, attributes and label") {
    const Tree tree;
    tree.file("/etc/x", "old");
    const auto file = tree.root() + "/etc/x";
    const bool owned = chown(file.c_str(), 12, 34) == 0;
    if (!owned) WARN(skipped("an owner"));
    REQUIRE(chmod(file.c_str(), 04711) == 0);
    const bool has_acl = set_attribute(file, access_acl, acl_with_user_1());
    const bool has_attribute = set_attribute(file, "user.note", std::string("a\0b", 3));
    const bool has_label = set_attribute(file, "security.selinux", "system_u:object_r:etc_t:s0");
    const auto before = status_of(file);

    System system(tree.root(), GENERATE(from_range(ways())));
    system.replace("/etc/x", "new", 0600);
    const auto after = status_of(file);
    CHECK(system.read("/etc/x") == "new");
    CHECK(after.st_ino != before.st_ino);
    CHECK(after.st_mode == before.st_mode);
    CHECK(after.st_uid == before.st_uid);
    CHECK(after.st_gid == before.st_gid);
    if (has_acl) CHECK(attribute(file, access_acl) == acl_with_user_1());
    if (has_attribute) CHECK(attribute(file, "user.note") == std::string("a\0b", 3));
    if (has_label) CHECK(attribute(file, "security.selinux") == "system_u:object_r:etc_t:s0");
}

TEST_CASE("a folder's default access control list does not leak into a file that had none") {
    const Tree tree;
    tree.file("/etc/x", "old");
    const auto file = tree.root() + "/etc/x";
    REQUIRE(chmod(file.c_str(), 0640) == 0);
    if (!set_attribute(tree.root() + "/etc", "system.posix_acl_default", acl_with_user_1())) return;
    System system(tree.root(), GENERATE(from_range(ways())));
    system.replace("/etc/x", "new");
    CHECK(attribute(file, access_acl) == "none");
    CHECK((status_of(file).st_mode & 07777U) == 0640);
}

TEST_CASE("a link is followed to its target inside the root and stays a link") {
    const Tree tree;
    tree.file("/usr/lib/x.conf", "old");
    tree.link("/etc/x.conf", "../usr/lib/x.conf");
    tree.link("/etc/chain", "/etc/x.conf");
    tree.link("/folder", "etc");
    System system(tree.root(), GENERATE(from_range(ways())));
    system.replace("/folder/chain", "new");
    CHECK(system.read("/usr/lib/x.conf") == "new");
    CHECK(system.link("/etc/x.conf") == "../usr/lib/x.conf");
    CHECK(system.link("/etc/chain") == "/etc/x.conf");
    CHECK(system.list("/usr/lib") == std::vector<std::string>{"x.conf"});
    CHECK(system.list("/etc") == std::vector<std::string>{"chain", "x.conf"});
}

TEST_CASE("a link that leads outside writes inside") {
    const Tree tree;
    tree.file("/outside", "theirs");
    tree.link("/root/etc/x", "../../outside");
    tree.link("/root/etc/y", tree.root() + "/outside");
    System system(tree.root() + "/root", GENERATE(from_range(ways())));
    system.replace("/etc/x", "ours");
    system.replace("/etc/y", "ours");
    CHECK(System(tree.root()).read("/outside") == "theirs");
    CHECK(system.read("/outside") == "ours");
    CHECK(system.read(tree.root() + "/outside") == "ours");
}

TEST_CASE("what is no file is not replaced") {
    const Tree tree;
    std::filesystem::create_directories(tree.root() + "/etc/folder");
    REQUIRE(mkfifo((tree.root() + "/etc/fifo").c_str(), 0600) == 0);
    tree.link("/etc/loop", "loop");
    tree.file("/etc/file", "");
    System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(replaced_by(system, "/etc/folder", "x") == "cannot replace /etc/folder: Is a directory (EISDIR)");
    CHECK(replaced_by(system, "/etc/fifo", "x") == "/etc/fifo is not a regular file");
    CHECK(replaced_by(system, "/etc/loop", "x") ==
          "cannot write /etc/loop: Too many levels of symbolic links (ELOOP)");
    CHECK(replaced_by(system, "/etc/folder/", "x") == "/etc/folder/ does not name a file");
    CHECK(replaced_by(system, "/etc/..", "x") == "/etc/.. does not name a file");
    CHECK(replaced_by(system, "/etc/file/x", "x") == "cannot make /etc/file: File exists (EEXIST)");
    CHECK(system.journal().empty());
    CHECK(system.list("/etc") == std::vector<std::string>{"fifo", "file", "folder", "loop"});
}

TEST_CASE("a full filesystem leaves the old file and nothing else") {
    const Tree tree;
    tree.file("/etc/below", "");
    for (const auto way : ways())
        check_child(in_child([&]() -> std::string {
            if (!mount_small(tree)) return skipped("a filesystem of 16 KiB");
            System system(tree.root(), way);
            system.keep_backups(true);
            auto wrong = expect_failed(system, replaced_by(system, "/etc/x", std::string(64'000, 'n')),
                                       "cannot write /etc/x: No space left on device (ENOSPC)");
            // With its copy made and no room for the new text, the copy may stay: it is the old file.
            if (wrong == "something is left in the folder" && system.backups().size() == 1 &&
                system.list("/etc").size() == 2)
                wrong = "";
            return wrong;
        }));
}

TEST_CASE("a filesystem that cannot be written leaves the old file and nothing else") {
    const Tree tree;
    tree.file("/etc/below", "");
    for (const auto way : ways())
        check_child(in_child([&]() -> std::string {
            if (!mount_small(tree) ||
                mount("", (tree.root() + "/etc").c_str(), "", MS_REMOUNT | MS_RDONLY, nullptr) != 0)
                return skipped("a filesystem without writing");
            System system(tree.root(), way);
            return expect_failed(system, replaced_by(system, "/etc/x", "new"),
                                 "cannot write /etc/x: Read-only file system (EROFS)");
        }));
}

TEST_CASE("an immutable folder, and a file that cannot be renamed over, stay as they are") {
    const Tree tree;
    tree.file("/etc/x", "old");
    System system(tree.root(), GENERATE(from_range(ways())));
    for (const std::string immutable : {"/etc", "/etc/x"}) {
        if (!set_immutable(tree.root() + immutable, true)) {
            WARN(skipped("the immutable flag"));
            return;
        }
        const auto found = replaced_by(system, "/etc/x", "new");
        set_immutable(tree.root() + immutable, false);
        const std::string action = immutable == "/etc" ? "write" : "replace";
        CHECK(expect_failed(system, found, "cannot " + action + " /etc/x: Operation not permitted (EPERM)") ==
              "");
    }
}

TEST_CASE("a user without rights leaves the old file and nothing else") {
    const Tree tree;
    tree.file("/etc/x", "old");
    REQUIRE(chmod(tree.root().c_str(), 0755) == 0);
    REQUIRE(chmod((tree.root() + "/etc").c_str(), 0555) == 0);
    check_child(in_child([&]() -> std::string {
        if (geteuid() == 0 && setuid(65534) != 0) return skipped("setuid");
        System system(tree.root());
        return expect_failed(system, replaced_by(system, "/etc/x", "new"),
                             "cannot write /etc/x: Permission denied (EACCES)");
    }));
    chmod((tree.root() + "/etc").c_str(), 0755);
}

TEST_CASE("a killed run's temporary file is taken away, that of a running one is not") {
    const Tree tree;
    const pid_t gone = fork();
    if (gone == 0) _exit(0);
    waitpid(gone, nullptr, 0);
    const auto temporary = [](pid_t process) {
        return "/etc/.x.conf." + std::to_string(process) + ".virtbp";
    };
    tree.file(temporary(gone), "half");
    tree.file(temporary(getppid()), "at work");
    tree.file("/etc/.x.conf.bak.virtbp", "the user's");
    tree.file("/etc/.y.conf." + std::to_string(gone) + ".virtbp", "of another file");
    System system(tree.root(), GENERATE(from_range(ways())));
    if (GENERATE(true, false)) system.replace("/etc/x.conf", "new");
    else system.make_link("/etc/x.conf", "y");
    CHECK_FALSE(system.exists(temporary(gone)));
    CHECK(system.exists(temporary(getppid())));
    CHECK(system.exists("/etc/.x.conf.bak.virtbp"));
    CHECK(system.exists("/etc/.y.conf." + std::to_string(gone) + ".virtbp"));
}
