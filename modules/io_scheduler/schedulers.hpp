// SPDX-License-Identifier: GPL-3.0-or-later
// The names of I/O schedulers. They changed when block devices got several queues: noop, deadline and cfq
// served the single one, none, mq-deadline and bfq serve many; since Linux 5.0 there is only the second kind.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/selector.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// The other era's name for the same intent: "mq-deadline" for "deadline" and the other way round; "" where
/// there is none.
std::string_view counterpart(std::string_view scheduler);

/// Schedulers that the running kernel has as modules: a write to queue/scheduler loads them. Looked up when
/// first asked for: mostly every disk lists what is wanted.
class LoadableSchedulers {
public:
    explicit LoadableSchedulers(const System& system) : system_(system) {}
    bool contains(const std::string& name) const;

private:
    const System& system_;
    mutable std::optional<std::set<std::string>> names_;
};

/// What one disk takes: what it lists, and what the kernel can load for its kind of queue.
class Offer {
public:
    Offer(const Selector& listed, const LoadableSchedulers& loadable)
        : listed_(listed), loadable_(loadable) {}

    /// What queue/scheduler reads after this word was written to it; "" where the kernel refuses the word.
    std::string taken(const std::string& word) const;
    /// The first of the words that the disk takes, by the name that it has there; "" where it takes none.
    std::string first_of(const std::vector<std::string>& preferred) const;

private:
    const Selector& listed_;
    const LoadableSchedulers& loadable_;
};

}  // namespace virtbp
