// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/mounts.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "lib/error.hpp"
#include "lib/formats/raw_lines.hpp"
#include "lib/formats/size.hpp"
#include "lib/libmount.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr LibMount<mnt_free_iter> free_iter{"mnt_free_iter"};
constexpr LibMount<mnt_fs_get_fstype> fs_get_fstype{"mnt_fs_get_fstype"};
constexpr LibMount<mnt_fs_get_options> fs_get_options{"mnt_fs_get_options"};
constexpr LibMount<mnt_fs_get_source> fs_get_source{"mnt_fs_get_source"};
constexpr LibMount<mnt_fs_get_target> fs_get_target{"mnt_fs_get_target"};
constexpr LibMount<mnt_mangle> mangle{"mnt_mangle"};
constexpr LibMount<mnt_new_iter> new_iter{"mnt_new_iter"};
constexpr LibMount<mnt_new_table> new_table{"mnt_new_table"};
constexpr LibMount<mnt_table_get_userdata> table_get_userdata{"mnt_table_get_userdata"};
constexpr LibMount<mnt_table_next_fs> table_next_fs{"mnt_table_next_fs"};
constexpr LibMount<mnt_table_parse_stream> table_parse_stream{"mnt_table_parse_stream"};
constexpr LibMount<mnt_table_set_parser_errcb> table_set_parser_errcb{"mnt_table_set_parser_errcb"};
constexpr LibMount<mnt_table_set_userdata> table_set_userdata{"mnt_table_set_userdata"};
constexpr LibMount<mnt_unmangle> unmangle{"mnt_unmangle"};
constexpr LibMount<mnt_unref_table> unref_table{"mnt_unref_table"};

struct Release {
    void operator()(FILE* file) const { fclose(file); }
    void operator()(libmnt_table* table) const { unref_table(table); }
    void operator()(libmnt_iter* iterator) const { free_iter(iterator); }
    void operator()(char* text) const { free(text); }
};
template <class T>
using Held = std::unique_ptr<T, Release>;

std::string text_or_empty(const char* text) { return text ? text : ""; }

std::string mangled(const std::string& text) {
    const Held<char> escaped(mangle(text.c_str()));
    if (!escaped) throw Error("out of memory");
    return escaped.get();
}

std::string options_of(const Mount& mount) {
    return mount.options.empty() ? "defaults" : mangled(mount.options);
}

std::string unmangled(std::string_view text) {
    const Held<char> plain(unmangle(std::string(text).c_str()));
    return text_or_empty(plain.get());
}

/// Without doubled and trailing slashes.
std::string simple_path(std::string_view path) {
    std::string simple;
    for (const char c : path)
        if (c != '/' || !simple.ends_with('/')) simple += c;
    if (simple.size() > 1 && simple.ends_with('/')) simple.pop_back();
    return simple;
}

/// The fields of an fstab line, between blanks and tabs as libmount has it; none where it is empty or a
/// comment.
std::vector<std::string_view> fields(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::vector<std::string_view> all;
    for (;;) {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.empty() || (all.empty() && line[0] == '#')) return all;
        all.push_back(line.substr(0, line.find_first_of(" \t")));
        line.remove_prefix(all.back().size());
    }
}

bool is_for(std::string_view line, const std::string& target) {
    const auto all = fields(line);
    return all.size() >= 2 && simple_path(unmangled(all[1])) == simple_path(target);
}

/// `line` with the first four fields of `mount`; blanks between them, dump, pass and the line's end are kept.
std::string with_mount(std::string_view line, const Mount& mount) {
    const auto old = fields(line);
    const std::string wanted[] = {mangled(mount.source), mangled(mount.target), mangled(mount.type),
                                  options_of(mount)};
    std::string changed;
    size_t done = 0;  // of the line
    for (size_t i = 0; i < 4; ++i) {
        if (i >= old.size()) {
            changed += ' ';
            changed += wanted[i];
            continue;
        }
        const auto begin = static_cast<size_t>(old[i].data() - line.data());
        changed += line.substr(done, begin - done);
        // Kept as it is written where it means the same: mangling knows more than one form.
        const bool same = i == 1 || unmangled(old[i]) == unmangled(wanted[i]);
        changed += same ? old[i] : wanted[i];
        done = begin + old[i].size();
    }
    return concat({changed, line.substr(done)});
}

}  // namespace

std::vector<Mount> parse_mounts(const std::string& text, std::string_view path) {
    if (trim(text).empty()) return {};
    if (text.find('\0') != std::string::npos)
        throw Error(concat({"cannot parse ", path, ": it holds a NUL"}));
    const Held<FILE> stream(fmemopen(const_cast<char*>(text.data()), text.size(), "r"));
    const Held<libmnt_table> table(new_table());
    const Held<libmnt_iter> iterator(new_iter(MNT_ITER_FORWARD));
    if (!stream || !table || !iterator) throw Error(concat({"cannot parse ", path, ": out of memory"}));
    int bad_line = 0;
    table_set_userdata(table.get(), &bad_line);
    table_set_parser_errcb(table.get(), [](libmnt_table* failed, const char*, int line) {
        *static_cast<int*>(table_get_userdata(failed)) = line;
        return -1;
    });
    const std::string name(path);
    const int error = table_parse_stream(table.get(), stream.get(), name.c_str());
    if (bad_line != 0) throw Error(concat({"cannot parse ", path, ":", std::to_string(bad_line)}));
    if (error != 0) throw Error(concat({"cannot parse ", path}));

    std::vector<Mount> mounts;
    libmnt_fs* fs = nullptr;
    while (table_next_fs(table.get(), iterator.get(), &fs) == 0)
        mounts.push_back({text_or_empty(fs_get_source(fs)), text_or_empty(fs_get_target(fs)),
                          text_or_empty(fs_get_fstype(fs)), text_or_empty(fs_get_options(fs))});
    return mounts;
}

HugetlbfsOptions parse_hugetlbfs_options(const std::string& options) {
    HugetlbfsOptions parsed;
    for (const auto option : split(options, ',')) {
        const auto equals = option.find('=');
        if (equals == std::string_view::npos) continue;
        const auto name = option.substr(0, equals), value = option.substr(equals + 1);
        const auto refuse = [&] {
            return Error(concat({"hugetlbfs: no valid ", name, " in \"", option, "\""}));
        };
        if (name == "pagesize") {
            const auto bytes = parse_kernel_size(value).bytes;
            if (bytes == 0 || (bytes & (bytes - 1)) != 0 || bytes >> 63U != 0) throw refuse();
            parsed.page_size = static_cast<long>(bytes);
        } else if (name == "size") {
            const auto size = parse_kernel_size(value);
            if (size.rest.size() == value.size()) throw refuse();
            parsed.size = concat({std::to_string(size.bytes), size.rest.starts_with('%') ? "%" : ""});
        } else if (name == "mode") {
            long mode = 0;
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mode, 8);
            if (error != std::errc{} || end != value.data() + value.size() || mode < 0 || mode > 07777)
                throw refuse();
            parsed.mode = mode;
        } else if (name == "uid") {
            parsed.uid = value;
        } else if (name == "gid") {
            parsed.gid = value;
        }
    }
    return parsed;
}

std::string format_hugetlbfs_options(const HugetlbfsOptions& options) {
    std::vector<std::string> parts;
    if (options.page_size) parts.push_back(concat({"pagesize=", page_size_name(*options.page_size)}));
    if (options.size) parts.push_back(concat({"size=", *options.size}));
    if (options.mode) {
        char digits[8];
        const auto end = std::to_chars(digits, digits + sizeof digits, *options.mode, 8).ptr;
        parts.push_back(concat({"mode=", std::string_view(digits, static_cast<size_t>(end - digits))}));
    }
    if (options.uid) parts.push_back(concat({"uid=", *options.uid}));
    if (options.gid) parts.push_back(concat({"gid=", *options.gid}));
    return join(parts, ",");
}

std::string set_fstab(const std::string& text, const Mount& mount) {
    parse_mounts(text, "fstab");
    const auto all = raw_lines(text);
    size_t last = all.size();
    while (last > 0 && !is_for(all[last - 1], mount.target)) --last;
    std::string changed;
    for (size_t i = 0; i < all.size(); ++i) {
        if (i + 1 == last) changed += with_mount(all[i], mount);
        else changed += all[i];
    }
    if (last > 0) return changed;
    if (!changed.empty() && !changed.ends_with('\n')) changed += '\n';
    return concat({changed, mangled(mount.source), " ", mangled(mount.target), " ", mangled(mount.type), " ",
                   options_of(mount), " 0 0\n"});
}

std::string unset_fstab(const std::string& text, const std::string& target) {
    parse_mounts(text, "fstab");
    std::string changed;
    for (const auto line : raw_lines(text))
        if (!is_for(line, target)) changed += line;
    return changed;
}

}  // namespace virtbp
