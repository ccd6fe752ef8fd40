// SPDX-License-Identifier: GPL-3.0-or-later
// Three lines of text: a command line, parameters to be present, and parameters to be absent.
#include "lib/formats/cmdline_edit.hpp"

#include "lib/error.hpp"
#include "lib/text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

std::vector<CmdlineToken> parameters(std::string_view line) {
    std::vector<CmdlineToken> tokens;
    for (const auto word : words(line)) tokens.push_back(parse_parameter(std::string(word)));
    return tokens;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    auto parts = split(text, '\n');
    parts.resize(3);
    const HugePageSupport support{{2L << 20U, 1L << 30U}, 2L << 20U, {0, 1}};
    CmdlineWish wish;
    std::string edited;
    try {
        wish = {parameters(parts[1]), parameters(parts[2]), size % 5 == 0, size % 2 == 0};
        check_wish(wish, support);
        edited = edit_cmdline(parts[0], wish, support);
    } catch (const Error&) {
        return 0;
    }
    must(edit_cmdline(edited, wish, support) == edited);

    // What is wanted is there, and what must go is not.
    const auto line = parse_cmdline(edited);
    for (const auto& token : wish.present) {
        bool found = in_huge_page_group(token);
        for (const auto& one : line.tokens) found = found || one.is(token.name);
        must(found);
    }
    if (wish.replace || !wish.present.empty()) return 0;
    for (const auto& token : wish.absent)
        for (const auto& one : line.tokens) must(token.value || !one.is(token.name));
    return 0;
}
