// SPDX-License-Identifier: GPL-3.0-or-later
// Looking: how paths are kept below the root, and what can be read there.
#include "lib/system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "lib/descriptor.hpp"
#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// The same limit as the kernel's own walk (MAXSYMLINKS).
constexpr int most_links = 40;

std::string below_self(int descriptor) { return concat({"/proc/self/fd/", std::to_string(descriptor)}); }

std::optional<std::string> read_link(int directory, const char* name) {
    std::array<char, 4096> target;
    const auto size = readlinkat(directory, name, target.data(), target.size());
    if (size < 0 || static_cast<size_t>(size) == target.size()) return std::nullopt;
    return std::string(target.data(), static_cast<size_t>(size));
}

std::string read_all(int file, const std::string& path, size_t limit) {
    std::string text;
    std::array<char, 4096> block;
    for (;;) {
        const auto size = read(file, block.data(), block.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw SystemError("cannot read", path, errno);
        if (size == 0) return text;
        text.append(block.data(), static_cast<size_t>(size));
        if (text.size() > limit)
            throw Error(concat(
                {path, " is larger than ", std::to_string(limit), " bytes, which no file of its kind is"}));
    }
}

int open_in_root(int root, const char* path, int flags) {
    open_how how{};
    how.flags = static_cast<unsigned long long>(flags);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int attempt = 0; attempt < most_links; ++attempt) {
        const auto descriptor = syscall(SYS_openat2, root, path, &how, sizeof how);
        if (descriptor >= 0 || errno != EAGAIN) return static_cast<int>(descriptor);
        // EAGAIN: a rename elsewhere in the tree while a ".." was being followed (openat2(2)).
    }
    return -1;
}

}  // namespace

System::System(const std::string& root, Resolution resolution) : resolution_(resolution) {
    Descriptor folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat ours{}, machine{};
    if (!folder || fstat(folder.get(), &ours) != 0 || stat("/", &machine) != 0)
        throw SystemError("cannot open the root directory", root, errno);
    // Without /proc every file would look as if it were missing.
    const auto name = read_link(AT_FDCWD, below_self(folder.get()).c_str());
    if (!name) throw SystemError("cannot look at", "/proc/self/fd", errno);
    root_ = *name;
    // The name alone would be fooled by /proc/PID/root of a container, the folder alone by a bind mount of
    // it.
    live_ = root_ == "/" && ours.st_dev == machine.st_dev && ours.st_ino == machine.st_ino;
    if (resolution_ == Resolution::automatic) {
        // Kernels before 5.6 say ENOSYS, and the system call filters of older containers EPERM.
        const Descriptor probe(open_in_root(folder.get(), ".", O_PATH | O_CLOEXEC));
        resolution_ = probe ? Resolution::by_kernel : Resolution::by_hand;
    }
    root_descriptor_ = folder.release();
}

System::~System() { close(root_descriptor_); }

int System::open_below(const std::string& path, int flags) const {
    flags |= O_CLOEXEC;
    if (!path.starts_with('/') || path.find('\0') != std::string::npos || path.size() >= PATH_MAX) {
        errno = path.size() >= PATH_MAX ? ENAMETOOLONG : EINVAL;
        return -1;
    }
    if (resolution_ == Resolution::by_kernel) return open_in_root(root_descriptor_, path.c_str(), flags);
    return walk(path, flags);
}

int System::walk(const std::string& path, int flags) const {
    std::vector<Descriptor> parents;  // the folders entered below the root, which ".." leaves again
    std::vector<std::string> rest;    // components still to come, the next one last
    const auto push = [&rest](std::string_view text) {
        const auto parts = split(text, '/');
        // A slash at the end asks for a folder, as "." does.
        if (parts.back().empty()) rest.emplace_back(".");
        for (auto part = parts.rbegin(); part != parts.rend(); ++part)
            if (!part->empty()) rest.emplace_back(*part);
    };
    push(path);
    int links = 0;
    while (!rest.empty()) {
        const std::string name = std::move(rest.back());
        rest.pop_back();
        if (name == ".") continue;
        if (name == "..") {
            if (!parents.empty()) parents.pop_back();
            continue;
        }
        const int parent = parents.empty() ? root_descriptor_ : parents.back().get();
        Descriptor here(openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!here) return -1;
        struct stat status{};
        if (fstat(here.get(), &status) != 0) return -1;
        const bool last = rest.empty();
        if (S_ISLNK(status.st_mode) && !(last && (flags & O_NOFOLLOW) != 0)) {
            const auto target = read_link(here.get(), "");
            if (!target || ++links > most_links) {
                errno = target ? ELOOP : EIO;
                return -1;
            }
            if (target->starts_with('/')) parents.clear();
            push(*target);
            continue;
        }
        if (last) {
            // Between the look and this open the name may have become a link: O_NOFOLLOW then refuses it.
            return (flags & O_PATH) != 0 && (flags & O_DIRECTORY) == 0
                       ? here.release()
                       : openat(parent, name.c_str(), flags | O_NOFOLLOW);
        }
        if (!S_ISDIR(status.st_mode)) {
            errno = ENOTDIR;
            return -1;
        }
        parents.push_back(std::move(here));
    }
    return openat(parents.empty() ? root_descriptor_ : parents.back().get(), ".", flags);
}

int System::open_file(const std::string& path, int flags) const {
    // Merely opening a device node may do something (a watchdog starts), so it is looked at before.
    const Descriptor found(open_below(path, O_PATH));
    struct stat status{};
    if (!found || fstat(found.get(), &status) != 0) return -1;
    if (!S_ISREG(status.st_mode)) {
        if (S_ISDIR(status.st_mode)) {
            errno = EISDIR;
            return -1;
        }
        throw Error(concat({path, " is not a regular file"}));
    }
    return open(below_self(found.get()).c_str(), flags | O_CLOEXEC);
}

int System::look(const std::string& path, int flags) const {
    const int found = open_below(path, O_PATH | flags);
    if (found < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        throw SystemError("cannot look at", path, errno);
    return found;
}

Kind System::kind(const std::string& path) const {
    const Descriptor found(look(path, O_NOFOLLOW));
    struct stat status{};
    if (!found || fstat(found.get(), &status) != 0) return Kind::none;
    switch (status.st_mode & S_IFMT) {
        case S_IFREG: return Kind::file;
        case S_IFDIR: return Kind::directory;
        case S_IFLNK: return Kind::link;
        default: return Kind::other;
    }
}

bool System::exists(const std::string& path) const { return static_cast<bool>(Descriptor(look(path))); }

std::string System::read(const std::string& path, size_t limit) const {
    const Descriptor file(open_file(path, O_RDONLY));
    if (!file) throw SystemError("cannot read", path, errno);
    return read_all(file.get(), path, limit);
}

std::optional<std::string> System::read_if(const std::string& path, size_t limit) const {
    // Not by catching what read() throws: a machine may have thousands of disks that lack a file.
    const Descriptor file(open_file(path, O_RDONLY));
    if (file) return read_all(file.get(), path, limit);
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw SystemError("cannot read", path, errno);
}

std::vector<std::string> System::list(const std::string& path) const {
    Descriptor folder(open_below(path, O_RDONLY | O_DIRECTORY));
    if (!folder) {
        if (errno == ENOENT || errno == ENOTDIR) return {};
        throw SystemError("cannot list", path, errno);
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(folder.get()), closedir);
    if (!entries) throw SystemError("cannot list", path, errno);
    folder.release();
    std::vector<std::string> names;
    errno = 0;
    while (const auto* entry = readdir(entries.get())) {
        const std::string_view name(static_cast<const char*>(entry->d_name));
        if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) throw SystemError("cannot list", path, errno);
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<std::string> System::link(const std::string& path) const {
    const Descriptor found(look(path, O_NOFOLLOW));
    return found ? read_link(found.get(), "") : std::nullopt;
}

std::optional<std::string> System::resolve(const std::string& path) const {
    const Descriptor found(look(path));
    if (!found) return std::nullopt;
    auto name = read_link(AT_FDCWD, below_self(found.get()).c_str());
    if (!name || root_ == "/") return name;
    return *name == root_ ? "/" : name->substr(root_.size());
}

std::optional<dev_t> System::block_device(const std::string& path) const {
    const Descriptor found(look(path));
    struct stat status{};
    if (!found || fstat(found.get(), &status) != 0 || !S_ISBLK(status.st_mode)) return std::nullopt;
    return status.st_rdev;
}

}  // namespace virtbp
