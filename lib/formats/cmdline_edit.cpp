// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/cmdline_edit.hpp"

#include <algorithm>
#include <set>

#include "lib/error.hpp"
#include "lib/formats/cmdline_text.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view group_name = "hugepages";

/// Parameters that count each time they come (Documentation/admin-guide/kernel-parameters.txt,
/// dracut.cmdline(7), systemd's kernel-command-line(7)).
constexpr std::string_view repeatable[] = {
    "acpi_osi",
    "bond",
    "bridge",
    "console",
    "crashkernel",
    "dyndbg",
    "earlycon",
    "ifname",
    "initrd",
    "ip",
    "iscsi_initiator",
    "memmap",
    "modprobe.blacklist",
    "module_blacklist",
    "nameserver",
    "netconsole",
    "pci",
    "rd.*",
    "systemd.device_timeout",
    "systemd.mask",
    "systemd.setenv",
    "systemd.wants",
    "team",
    "video",
    "vlan",
    "*.dyndbg",
};

/// Values that are lists in which order means nothing.
constexpr std::string_view unordered[] = {"dom0_mem", "mitigations", "modprobe.blacklist",
                                          "module_blacklist"};

/// What a machine does not boot without.
constexpr std::string_view boots_machine[] = {"root", "rd.*", "resume"};

template <size_t N>
bool is_one_of(const CmdlineToken& token, const std::string_view (&names)[N]) {
    return std::any_of(std::begin(names), std::end(names), [&token](std::string_view name) {
        if (name.ends_with('*')) return token.name.starts_with(name.substr(0, name.size() - 1));
        return name.starts_with('*') ? token.name.ends_with(name.substr(1)) : token.is(name);
    });
}

bool same_name(const CmdlineToken& a, const CmdlineToken& b) { return a.is(b.name); }

bool means_same(const CmdlineToken& a, const CmdlineToken& b) {
    if (!same_name(a, b)) return false;
    if (a.value == b.value || !a.value || !b.value || !is_one_of(a, unordered)) return a.value == b.value;
    const auto left = split(*a.value, ','), right = split(*b.value, ',');
    return std::is_permutation(left.begin(), left.end(), right.begin(), right.end());
}

bool is_variable(const CmdlineToken& token) {
    return token.text.starts_with('$') || token.text.starts_with("\\$");
}

/// `line` as a kernel takes it that knows all sizes that it names.
BootHugePages reserved_by(const Cmdline& line, HugePageSupport support) {
    if (support.sizes.empty()) {
        support.sizes.push_back(support.default_size);
        for (const auto& token : line.tokens) {
            if (!in_huge_page_group(token) || token.is(group_name)) continue;
            const auto size = parse_kernel_size(token.value.value_or("")).bytes;
            if (size != 0 && (size & (size - 1)) == 0 && size >> 63U == 0)
                support.sizes.push_back(static_cast<long>(size));
        }
    }
    return simulate_huge_page_boot(line, support);
}

/// The group in the one form that is equal for all lines that reserve the same.
std::string canonical_group(const Cmdline& line, const HugePageSupport& support) {
    auto boot = reserved_by(line, support);
    std::sort(boot.pools.begin(), boot.pools.end(),
              [](const BootPool& a, const BootPool& b) { return a.size > b.size; });
    const bool says_default = boot.default_size != support.default_size;
    return join(
        render_huge_page_group(says_default ? std::optional(boot.default_size) : std::nullopt, boot.pools),
        " ");
}

void check_group(const Cmdline& line, const HugePageSupport& support, std::string_view what) {
    const auto ignored = reserved_by(line, support).ignored;
    if (!ignored.empty())
        throw Error(concat({what, ": the kernel would ignore ", ignored[0].text, ": ", ignored[0].why}));
}

void set_last(CmdlineText& line, const CmdlineToken& wanted) {
    const auto all = line.find([&](const CmdlineToken& token) { return same_name(token, wanted); });
    if (all.empty()) return line.insert(line.size(), {wanted});
    if (means_same(line[all.back()], wanted)) return;
    line.replace(all.back(), wanted);
    for (size_t i = all.size() - 1; i-- > 0;) line.erase(all[i]);
}

void set_often(CmdlineText& line, const std::vector<CmdlineToken>& wanted) {
    const auto of_name = [&](const CmdlineToken& token) { return same_name(token, wanted[0]); };
    const auto is_wanted = [&](const CmdlineToken& token) {
        return std::any_of(wanted.begin(), wanted.end(),
                           [&](const CmdlineToken& one) { return means_same(token, one); });
    };
    size_t matched = 0;
    for (const size_t i : line.find(of_name))
        if (matched < wanted.size() && means_same(line[i], wanted[matched])) ++matched;
    if (matched == wanted.size()) return;
    const auto before = line.find(is_wanted);
    line.erase_if(is_wanted);
    const auto others = line.find(of_name);
    line.insert(!others.empty() ? others.back() + 1 : (before.empty() ? line.size() : before[0]), wanted);
}

void set_group(CmdlineText& line, const std::vector<CmdlineToken>& wanted, const HugePageSupport& support) {
    const auto old = line.find(in_huge_page_group);
    if (!old.empty() && canonical_group(line.tokens(), support) == canonical_group({wanted, ""}, support) &&
        reserved_by(line.tokens(), support).ignored.empty())
        return;
    line.erase_if(in_huge_page_group);
    line.insert(old.empty() ? line.size() : old[0], wanted);
}

std::vector<CmdlineToken> group_of(const std::vector<CmdlineToken>& tokens) {
    std::vector<CmdlineToken> group;
    std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(group), in_huge_page_group);
    return group;
}

void replace_line(CmdlineText& line, const CmdlineWish& wish) {
    const auto stays = [&](const CmdlineToken& token) {
        return !wish.force && (is_variable(token) || is_one_of(token, boots_machine)) &&
               std::none_of(wish.present.begin(), wish.present.end(),
                            [&](const CmdlineToken& one) { return same_name(token, one); });
    };
    const auto old = line.find([&](const CmdlineToken& token) { return !stays(token); });
    const bool same = std::equal(old.begin(), old.end(), wish.present.begin(), wish.present.end(),
                                 [&](size_t i, const CmdlineToken& one) { return means_same(line[i], one); });
    if (wish.force) line.drop_rest();
    if (same) return;
    line.erase_if([&](const CmdlineToken& token) { return !stays(token); });
    line.insert(line.size(), wish.present);
}

bool is_absent(const CmdlineToken& token, const CmdlineWish& wish) {
    const auto is = [&](const CmdlineToken& one) { return means_same(token, one); };
    return std::any_of(wish.absent.begin(), wish.absent.end(), [&](const CmdlineToken& one) {
        if (!same_name(token, one)) return false;
        return one.value ? means_same(token, one)
                         : std::none_of(wish.present.begin(), wish.present.end(), is);
    });
}

}  // namespace

CmdlineToken parse_parameter(const std::string& text) {
    auto line = parse_cmdline(text);
    const auto equals = text.find('=');
    if (line.tokens.size() > 1 && equals != std::string::npos && text.find('"') == std::string::npos)
        line = parse_cmdline(concat({text.substr(0, equals + 1), "\"", text.substr(equals + 1), "\""}));
    if (line.tokens.size() != 1 || line.tokens[0].text.size() < text.size() || line.tokens[0].name.empty() ||
        line.tokens[0].name.starts_with("=") || !line.rest.empty() ||
        std::count(text.begin(), text.end(), '"') % 2 != 0)
        throw Error(concat({"\"", text, "\" is not one kernel parameter"}));
    for (const char c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            throw Error(concat({"a kernel parameter holds a control character: \"", trim(text), "\""}));
    const auto& token = line.tokens[0];
    for (const std::string_view word : {"True", "False", "None"})
        if (token.name == word || token.value == word)
            throw Error(
                concat({"\"", text, "\" comes from a YAML boolean or null: quote it (\"on\", \"off\")"}));
    return token;
}

void check_wish(const CmdlineWish& wish, const HugePageSupport& support) {
    for (const auto& one : wish.present)
        for (const auto& other : wish.absent)
            if (means_same(one, other)) throw Error(concat({one.text, " is wanted present and absent"}));
    std::set<std::string> once;
    for (const auto& one : wish.present)
        if (!in_huge_page_group(one) && !is_one_of(one, repeatable) && !wish.replace &&
            !once.insert(replaced(one.name, "-", "_")).second)
            throw Error(concat({"present: ", one.name, " is there twice, and only its last value counts"}));
    if (const auto group = group_of(wish.present); !group.empty())
        check_group({group, ""}, support, "present");
}

std::string edit_cmdline(std::string_view text, const CmdlineWish& wish, const HugePageSupport& support) {
    if (std::count(text.begin(), text.end(), '"') % 2 != 0)
        throw Error(concat({"a quote is not closed, and all after it is one parameter: ", text}));
    CmdlineText line(text);
    if (wish.replace) {
        replace_line(line, wish);
        return line.text();
    }
    const bool takes_group = std::any_of(wish.absent.begin(), wish.absent.end(), in_huge_page_group);
    line.erase_if([&](const CmdlineToken& token) { return is_absent(token, wish); });
    const auto group = group_of(wish.present);
    if (!group.empty()) set_group(line, group, support);
    else if (takes_group) check_group(line.tokens(), support, "absent");

    std::vector<CmdlineToken> done;
    for (const auto& wanted : wish.present) {
        const auto same = [&](const CmdlineToken& one) { return same_name(one, wanted); };
        if (in_huge_page_group(wanted) || std::any_of(done.begin(), done.end(), same)) continue;
        done.push_back(wanted);
        if (!is_one_of(wanted, repeatable)) {
            set_last(line, wanted);
            continue;
        }
        std::vector<CmdlineToken> all;
        std::copy_if(wish.present.begin(), wish.present.end(), std::back_inserter(all), same);
        set_often(line, all);
    }
    return line.text();
}

std::vector<std::string> managed_parameters(const CmdlineWish& wish) {
    std::vector<std::string> names;
    for (const auto* list : {&wish.present, &wish.absent})
        for (const auto& token : *list) {
            const auto name = in_huge_page_group(token) ? std::string(group_name) : token.name;
            const bool known = std::any_of(names.begin(), names.end(), [&](const std::string& other) {
                return replaced(other, "-", "_") == replaced(name, "-", "_");
            });
            if (!known) names.push_back(name);
        }
    return names;
}

json cmdline_value(const Cmdline& line, const std::string& name, const HugePageSupport& support) {
    if (name == group_name) {
        const auto group = canonical_group(line, support);
        return group.empty() ? json() : json(group);
    }
    json value;
    std::string all;
    for (const auto& token : line.tokens) {
        if (!token.is(name)) continue;
        value = token.value ? json(*token.value) : json(true);
        append(all, {all.empty() ? "" : " ", token.value.value_or("")});
    }
    return !value.is_null() && is_one_of(CmdlineToken{"", name, {}}, repeatable) ? json(all) : value;
}

}  // namespace virtbp
