// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/cmdline_text.hpp"

#include "lib/text.hpp"

namespace virtbp {

CmdlineText::CmdlineText(std::string_view text) {
    auto line = parse_cmdline(text);
    size_t done = 0;
    for (auto& token : line.tokens) {
        const auto begin = text.find(token.text, done);
        parts_.push_back({std::string(text.substr(done, begin - done)), std::move(token)});
        done = begin + parts_.back().token.text.size();
    }
    rest_ = text.substr(done);
}

std::string CmdlineText::text() const {
    std::string all;
    for (const auto& part : parts_) append(all, {part.blanks, part.token.text});
    return all + rest_;
}

Cmdline CmdlineText::tokens() const {
    Cmdline line;
    for (const auto& part : parts_) line.tokens.push_back(part.token);
    return line;
}

void CmdlineText::erase(size_t at) {
    if (at == 0 && size() > 1) parts_[1].blanks = parts_[0].blanks;
    parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(at));
}

void CmdlineText::insert(size_t at, const std::vector<CmdlineToken>& tokens) {
    for (const auto& token : tokens) {
        Part part{at == 0 ? "" : " ", token};
        if (at == 0 && size() > 0) {
            std::swap(part.blanks, parts_[0].blanks);
            parts_[0].blanks = " ";
        }
        // The line may hold nothing but what is for init.
        if (at == size() && !rest_.empty() && rest_[0] != ' ') rest_.insert(0, " ");
        parts_.insert(parts_.begin() + static_cast<std::ptrdiff_t>(at++), std::move(part));
    }
}

}  // namespace virtbp
