// SPDX-License-Identifier: GPL-3.0-or-later
// The machine below a root directory. Every path is absolute as on that machine ("/etc/fstab") and is
// resolved below the root, whatever links the tree holds: openat2(RESOLVE_IN_ROOT), see openat2(2), or the
// same walk by hand on kernels before 5.6. Looking is const, touching is not: check mode is a `const
// System&`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace virtbp {

/// How paths are kept below the root: by the kernel, or component by component.
enum class Resolution { automatic, by_kernel, by_hand };

enum class Kind { none, file, directory, link, other };

/// What a command gave. `status` is the exit status, 128 + N after signal N.
struct Output {
    int status = 0;
    std::string out;
    std::string err;
};

/// One change, as it was made. `verb`: write (a kernel knob), replace, remove, mkdir, link, mount, unmount,
/// run.
struct Change {
    std::string verb;
    std::string path;  ///< for run, the arguments joined by blanks
    std::string text;  ///< what was written; the target of a link; options of a mount
};

/// What persistent files hold: path → text, nothing where there is no such file.
using Files = std::map<std::string, std::optional<std::string>>;

class System {
public:
    explicit System(const std::string& root = "/", Resolution resolution = Resolution::automatic);
    ~System();
    System(const System&) = delete;
    System& operator=(const System&) = delete;

    // -- looking ----------------------------------------------------------------------------------------

    /// True for "/": the kernel below the root is the one that runs, and commands may be run.
    bool is_live() const { return live_; }
    const std::string& root() const { return root_; }

    // What is not there (ENOENT, ENOTDIR, ELOOP) is an answer; where it cannot be told (EACCES, EIO), all of
    // these throw SystemError.

    /// The last component is not followed when it is a link.
    Kind kind(const std::string& path) const;
    bool exists(const std::string& path) const;  ///< links followed; a dangling one does not exist

    /// A regular file's text. Devices, FIFOs and sockets are refused unopened, and so is a file larger than
    /// `limit` bytes. Throws SystemError with the path and errno.
    std::string read(const std::string& path, size_t limit = 16U << 20U) const;
    /// The same, and nothing where the file is missing (ENOENT, ENOTDIR).
    std::optional<std::string> read_if(const std::string& path, size_t limit = 16U << 20U) const;

    /// Names in a directory, sorted, without . and ..; none where it is missing.
    std::vector<std::string> list(const std::string& path) const;

    /// A link's own text; nothing where the path is no link.
    std::optional<std::string> link(const std::string& path) const;
    /// The path after all links, as it is named below the root; nothing where it does not exist.
    std::optional<std::string> resolve(const std::string& path) const;
    /// The device number of a block special file, links followed; nothing where the path is none.
    std::optional<dev_t> block_device(const std::string& path) const;

    /// Runs a command that only looks: an argument vector, found in the system's PATH, never a shell,
    /// LC_ALL=C, no input. Nothing where the root is not live, or the command is not installed.
    std::optional<Output> query(const std::vector<std::string>& arguments) const;

    // -- touching ---------------------------------------------------------------------------------------

    /// A kernel knob: one write(2) to a file that exists; its errno reaches the SystemError.
    void write(const std::string& path, std::string_view text);

    /// A file as a whole: temporary file beside it, fsync, rename, fsync of the folder; owner, mode, ACL and
    /// extended attributes (the SELinux label among them) are kept, a link is followed to its target inside
    /// the root. A new file gets `mode`, missing folders are made. With keep_backups() the old one is copied
    /// first.
    void replace(const std::string& path, std::string_view text, mode_t mode = 0644);
    void remove(const std::string& path);
    /// A symbolic link, replacing one that is there.
    void make_link(const std::string& path, const std::string& target);
    void make_directory(const std::string& path, mode_t mode = 0755);  ///< with its parents; none is changed

    /// Brings files from what they hold to what they should hold: only those that differ are replaced or
    /// removed.
    void apply(const Files& is, const Files& should);

    /// Runs a command that changes something; throws where it cannot be started or fails. Only on a live
    /// root: elsewhere nothing is run and nothing is recorded, since the machine that would notice is not
    /// running.
    void run(const std::vector<std::string>& arguments);

    /// hugetlbfs and the like, by libmount. Live root only, as run().
    void mount(const std::string& source, const std::string& target, const std::string& type,
               const std::string& options);
    void unmount(const std::string& target);

    void keep_backups(bool keep) { keep_backups_ = keep; }
    /// Copies made by replace() and remove(): "/etc/x.conf.1234.2026-11-24@14:50:01~", Ansible's form.
    const std::vector<std::string>& backups() const { return backups_; }
    const std::vector<Change>& journal() const { return journal_; }

    /// Plays the kernel in tests on a fake tree: asked before each write(), it returns an errno to fail with
    /// (0: none) and may change the text that the file will then hold, or other files.
    using Kernel = std::function<int(const std::string& path, std::string& text)>;
    void play_kernel(Kernel kernel) { kernel_ = std::move(kernel); }

private:
    // As open(2): a descriptor, or -1 and errno. open_file() throws Error on what is neither file nor folder.
    int open_below(const std::string& path, int flags) const;
    int walk(const std::string& path, int flags) const;
    int open_file(const std::string& path, int flags) const;
    // A descriptor without any right, or -1 where there is nothing; throws where that cannot be told.
    int look(const std::string& path, int flags = 0) const;
    void back_up(int folder, const std::string& path, int file);
    void record(std::string_view verb, std::string_view path, std::string_view text);

    std::string root_;
    bool live_ = false;
    int root_descriptor_ = -1;
    Resolution resolution_;
    bool keep_backups_ = false;
    std::vector<std::string> backups_;
    std::vector<Change> journal_;
    Kernel kernel_;
};

}  // namespace virtbp
