// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot_writes.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "lib/drop_ins.hpp"
#include "lib/formats/tmpfiles.hpp"
#include "lib/text.hpp"

namespace virtbp {

BootWrites::BootWrites(const System& system, std::string drop_in)
    : drop_in_(std::move(drop_in)),
      text_(system.read_if(drop_in_)),
      all_(drop_ins(system, "tmpfiles.d", ".conf")) {}

std::optional<BootWrites::Setting> BootWrites::find(const std::string& path) const {
    const auto writes = tmpfiles_writes(all_, path);
    if (writes.empty()) return std::nullopt;
    const auto& last = writes.back();
    return Setting{last.value, concat({last.path, ":", std::to_string(last.line)})};
}

void BootWrites::set(const std::vector<std::pair<std::string, std::string>>& values,
                     const std::vector<std::string>& order) {
    std::map<std::string, std::string> ours(values.begin(), values.end());
    std::set<int> replaced_lines;
    const auto before = text_.value_or("# Written by virtbp\n");
    for (const auto& entry : parse_tmpfiles(before)) {
        if (entry.type != 'w' || std::find(order.begin(), order.end(), entry.path) == order.end()) continue;
        ours.try_emplace(entry.path, entry.argument);
        replaced_lines.insert(entry.line);
    }
    std::string after;
    int number = 0;
    for (const auto line : lines(before))
        if (!replaced_lines.contains(++number)) append(after, {line, "\n"});
    for (const auto& path : order)
        if (const auto value = ours.find(path); value != ours.end())
            after += tmpfiles_write_line(path, value->second);
    text_ = after;
    put(all_, {drop_in_, std::move(after)});
}

}  // namespace virtbp
