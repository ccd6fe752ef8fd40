// SPDX-License-Identifier: GPL-3.0-or-later
// Touching: kernel knobs and the atomic replacement of files.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "lib/descriptor.hpp"
#include "lib/error.hpp"
#include "lib/formats/selector.hpp"
#include "lib/system.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

struct Place {
    std::string folder, name;
};

Place place_of(const std::string& path) {
    const auto slash = path.rfind('/');
    Place place{path.substr(0, slash == 0 ? 1 : slash), path.substr(slash + 1)};
    if (place.name.empty() || place.name == "." || place.name == "..")
        throw Error(concat({path, " does not name a file"}));
    return place;
}

void check(bool success, const std::string& path) {
    if (!success) throw SystemError("cannot write", path, errno);
}

/// After this, a name that was changed in the folder stays changed.
void settle(const Descriptor& folder, const std::string& path) {
    check(fsync(folder.get()) == 0 || errno == EINVAL, path);  // EINVAL: this filesystem's folders have none
}

void write_all(int file, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const auto size = ::write(file, text.data(), text.size());
        if (size < 0 && errno == EINTR) continue;
        check(size >= 0, path);
        text.remove_prefix(static_cast<size_t>(size));
    }
}

std::vector<std::string> attribute_names(int file, const std::string& path) {
    std::string names(64U << 10U, '\0');  // the kernel's own limit, XATTR_LIST_MAX
    const auto size = flistxattr(file, names.data(), names.size());
    check(size >= 0 || errno == EOPNOTSUPP, path);
    if (size <= 0) return {};
    std::vector<std::string> list;
    for (const auto name : split(std::string_view(names).substr(0, static_cast<size_t>(size) - 1), '\0'))
        if (name != "security.ima" && name != "security.evm")
            list.emplace_back(name);  // those sign the contents
    return list;
}

/// ACLs and the SELinux label are extended attributes, too.
void copy_attributes(int from, int to, const std::string& path) {
    // What a folder's default ACL gave the new file and the old one does not have.
    for (const auto& name : attribute_names(to, path)) fremovexattr(to, name.c_str());
    for (const auto& name : attribute_names(from, path)) {
        std::string value(64U << 10U, '\0');  // XATTR_SIZE_MAX
        const auto size = fgetxattr(from, name.c_str(), value.data(), value.size());
        check(size >= 0, path);
        check(fsetxattr(to, name.c_str(), value.data(), static_cast<size_t>(size), 0) == 0 ||
                  errno == EOPNOTSUPP,
              path);
    }
}

/// A new file `name` in `folder` with the text, and with all else as `model` has it (an open file, or -1).
void create_like(int folder, const std::string& name, std::string_view text, int model, mode_t mode,
                 const std::string& path) {
    const Descriptor file(
        openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    check(static_cast<bool>(file), path);
    try {
        write_all(file.get(), text, path);
        if (model >= 0) {
            struct stat old{}, fresh{};
            check(fstat(model, &old) == 0 && fstat(file.get(), &fresh) == 0, path);
            if (old.st_uid != fresh.st_uid || old.st_gid != fresh.st_gid)
                check(fchown(file.get(), old.st_uid, old.st_gid) == 0, path);
            copy_attributes(model, file.get(), path);
            mode = old.st_mode & 07777U;
        }
        check(fchmod(file.get(), mode) == 0, path);
        check(fsync(file.get()) == 0, path);
    } catch (const Error&) {
        unlinkat(folder, name.c_str(), 0);
        throw;
    }
}

/// The name of a file until it is renamed: ".fstab.4711.virtbp". Of two runs at once each has its own, so
/// that neither can rename what the other is still writing.
std::string temporary_name(std::string_view name) {
    return concat({".", name, ".", std::to_string(getpid()), ".virtbp"});
}

/// Takes away the temporary files of runs that were killed: their process is gone.
void remove_leftovers(int folder, const std::vector<std::string>& names, const std::string& name) {
    const auto prefix = concat({".", name, "."});
    constexpr std::string_view suffix = ".virtbp";
    for (const auto& left : names) {
        if (left.size() < prefix.size() + suffix.size() || !left.starts_with(prefix) ||
            !left.ends_with(suffix))
            continue;
        const auto process = to_integer(
            std::string_view(left).substr(prefix.size(), left.size() - prefix.size() - suffix.size()));
        if (process && kill(static_cast<pid_t>(*process), 0) != 0 && errno == ESRCH)
            unlinkat(folder, left.c_str(), 0);
    }
}

/// Puts a finished temporary file in its place, or takes it away.
void put_in_place(const Descriptor& folder, const std::string& temporary, const std::string& name,
                  std::string_view action, const std::string& path) {
    if (renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) == 0) return;
    const int number = errno;
    unlinkat(folder.get(), temporary.c_str(), 0);
    throw SystemError(action, path, number);
}

std::string backup_name(const std::string& name) {
    const time_t now = time(nullptr);
    tm local{};
    localtime_r(&now, &local);
    std::array<char, 32> stamp{};
    strftime(stamp.data(), stamp.size(), "%Y-%m-%d@%H:%M:%S~", &local);
    return concat({name, ".", std::to_string(getpid()), ".", stamp.data()});
}

/// On another root no kernel is behind the file: a selector stays one, its brackets move to the chosen word.
std::string as_kernel_shows(const std::string& before, std::string_view written) {
    const auto selector = parse_selector(before);
    const std::string word(trim(written));
    if (!selector.chosen) return std::string(written);
    std::vector<std::string> shown;
    bool offered = false;
    for (const auto& name : selector.offered) {
        offered = offered || name == word;
        shown.push_back(name == word ? concat({"[", name, "]"}) : name);
    }
    return offered ? join(shown, " ") + "\n" : std::string(written);
}

}  // namespace

void System::record(std::string_view verb, std::string_view path, std::string_view text) {
    journal_.push_back({std::string(verb), std::string(path), std::string(text)});
}

void System::write(const std::string& path, std::string_view text) {
    std::string shown(text);
    if (!live_) shown = as_kernel_shows(read(path), text);
    if (kernel_)
        if (const int number = kernel_(path, shown)) throw SystemError("cannot write", path, number);
    const Descriptor file(open_file(path, O_WRONLY));
    check(static_cast<bool>(file), path);
    const auto size = ::write(file.get(), shown.data(), shown.size());
    check(size >= 0, path);
    if (static_cast<size_t>(size) != shown.size())
        throw Error(concat({"cannot write ", path, ": the kernel took ", std::to_string(size), " of ",
                            std::to_string(shown.size()), " bytes"}));
    if (!live_) check(ftruncate(file.get(), size) == 0, path);
    record("write", path, text);
}

void System::back_up(int folder, const std::string& path, int file) {
    const auto [parent, name] = place_of(path);
    const auto is_copy = [&](const std::string& copy) {
        return copy.starts_with(concat({path, ".", std::to_string(getpid()), "."}));
    };
    // What a run replaces twice it copies once: the first copy is what the user had.
    if (std::any_of(backups_.begin(), backups_.end(), is_copy)) return;
    const auto copy = backup_name(name);
    create_like(folder, copy, read(path), file, 0600, path);
    backups_.push_back(concat({parent == "/" ? "" : parent, "/", copy}));
}

void System::replace(const std::string& path, std::string_view text, mode_t mode) {
    std::string target = path;
    for (int links = 0; const auto next = link(target); ++links) {
        if (links == 40) throw SystemError("cannot write", path, ELOOP);
        target = next->starts_with('/') ? *next : concat({place_of(target).folder, "/", *next});
    }
    const auto [parent, name] = place_of(target);
    make_directory(parent);
    const Descriptor folder(open_below(parent, O_RDONLY | O_DIRECTORY));
    check(static_cast<bool>(folder), path);
    const bool is_new = kind(target) == Kind::none;
    const Descriptor old(is_new ? -1 : open_file(target, O_RDONLY));
    if (!old && !is_new) throw SystemError("cannot replace", path, errno);

    if (keep_backups_ && old) back_up(folder.get(), target, old.get());
    remove_leftovers(folder.get(), list(parent), name);
    const auto temporary = temporary_name(name);
    create_like(folder.get(), temporary, text, old.get(), mode, path);
    put_in_place(folder, temporary, name, "cannot replace", path);
    record("replace", path, text);
    settle(folder, path);
}

void System::remove(const std::string& path) {
    const auto [parent, name] = place_of(path);
    const Descriptor folder(open_below(parent, O_RDONLY | O_DIRECTORY));
    if (!folder) throw SystemError("cannot remove", path, errno);
    if (keep_backups_ && kind(path) == Kind::file) {
        const Descriptor old(open_file(path, O_RDONLY));
        if (!old) throw SystemError("cannot read", path, errno);
        back_up(folder.get(), path, old.get());
    }
    if (unlinkat(folder.get(), name.c_str(), 0) != 0) throw SystemError("cannot remove", path, errno);
    record("remove", path, "");
    settle(folder, path);
}

void System::make_link(const std::string& path, const std::string& target) {
    const auto [parent, name] = place_of(path);
    make_directory(parent);
    const Descriptor folder(open_below(parent, O_RDONLY | O_DIRECTORY));
    check(static_cast<bool>(folder), path);
    remove_leftovers(folder.get(), list(parent), name);
    const auto temporary = temporary_name(name);
    check(symlinkat(target.c_str(), folder.get(), temporary.c_str()) == 0, path);
    put_in_place(folder, temporary, name, "cannot link", path);
    record("link", path, target);
    settle(folder, path);
}

void System::make_directory(const std::string& path, mode_t mode) {
    if (path == "/" || Descriptor(open_below(path, O_PATH | O_DIRECTORY))) return;
    const auto [parent, name] = place_of(path);
    make_directory(parent, mode);
    const Descriptor folder(open_below(parent, O_RDONLY | O_DIRECTORY));
    if (!folder || mkdirat(folder.get(), name.c_str(), mode) != 0)
        throw SystemError("cannot make", path, errno);
    record("mkdir", path, "");
    settle(folder, path);
}

void System::apply(const Files& is, const Files& should) {
    for (const auto& [path, text] : should) {
        const auto before = is.find(path);
        if (before != is.end() && before->second == text) continue;
        if (text) replace(path, *text);
        else if (before != is.end() && before->second) remove(path);
    }
}

}  // namespace virtbp
