// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel command line in pieces that put together are its text, byte for byte: tokens with the blanks
// before them, and what follows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/cmdline.hpp"

namespace virtbp {

class CmdlineText {
public:
    explicit CmdlineText(std::string_view text);

    size_t size() const { return parts_.size(); }
    const CmdlineToken& operator[](size_t at) const { return parts_[at].token; }
    std::string text() const;
    Cmdline tokens() const;

    template <class Predicate>
    std::vector<size_t> find(Predicate is_it) const {
        std::vector<size_t> found;
        for (size_t i = 0; i < size(); ++i)
            if (is_it(parts_[i].token)) found.push_back(i);
        return found;
    }

    void replace(size_t at, const CmdlineToken& token) { parts_[at].token = token; }
    /// The blanks before a token go with it; of the first those after it.
    void erase(size_t at);
    template <class Predicate>
    void erase_if(Predicate is_it) {
        for (size_t i = size(); i-- > 0;)
            if (is_it(parts_[i].token)) erase(i);
    }
    /// In order, before the token at `at`, or at the end and before " -- …".
    void insert(size_t at, const std::vector<CmdlineToken>& tokens);
    /// Takes away what is for init: "-- …".
    void drop_rest() { rest_.clear(); }

private:
    struct Part {
        std::string blanks;
        CmdlineToken token;
    };
    std::vector<Part> parts_;
    std::string rest_;
};

}  // namespace virtbp
