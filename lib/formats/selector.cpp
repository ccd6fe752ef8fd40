// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/selector.hpp"

#include <algorithm>

#include "lib/text.hpp"

namespace virtbp {

bool Selector::offers(std::string_view word) const {
    return std::find(offered.begin(), offered.end(), word) != offered.end();
}

Selector parse_selector(std::string_view text) {
    Selector selector;
    for (auto word : words(text)) {
        const bool bracketed = word.size() > 2 && word.starts_with('[') && word.ends_with(']');
        if (bracketed) {
            word = word.substr(1, word.size() - 2);
            selector.chosen = word;
        }
        selector.offered.emplace_back(word);
    }
    return selector;
}

}  // namespace virtbp
