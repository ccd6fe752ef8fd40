// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/boot_lines.hpp"

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

BootLines::BootLines(const System& system, const BootChoice& choice, bool regenerate)
    : live_(system.is_live()), regenerate_(regenerate) {
    try {
        loader_ = starts_ = find_boot_loader(system, choice);
        why_none_.clear();
    } catch (const NoBootLoader& none) {
        why_none_ = none.what();
    }
}

/// True where what is edited is in the entries at once, or will be by generate().
bool BootLines::reaches() const { return loader_->generator().empty() || (regenerate_ && live_); }

const std::vector<BootLine>& BootLines::configured(BootVariable variable) const {
    const auto [found, is_new] = configured_.try_emplace(variable);
    if (is_new && loader_ != nullptr) found->second = loader_->configured(variable);
    return found->second;
}

std::optional<NextBoot> BootLines::next(BootVariable variable) const {
    return starts_ != nullptr ? starts_->next(variable) : std::nullopt;
}

std::string BootLines::waits(const NextBoot& next) const {
    if (!next.apart.empty()) return next.apart;
    if (reaches()) return "";
    return concat({next.source, " follows when it is made anew by ", loader_->generator(),
                   regenerate_ ? ", which cannot be run below another root"
                               : ", which regenerate: false leaves to you"});
}

void BootLines::edit(BootVariable variable, const BootLoader::Edit& edit) {
    if (loader_ == nullptr) throw Error(why_none_);
    const auto before = starts_->next(variable);
    auto changed = loader_->edited(variable, edit);
    const auto after = changed->next(variable);
    is_edited_ = is_edited_ || (before && after && before->line != after->line) ||
                 changed->files() != loader_->files();
    loader_ = std::move(changed);
    configured_.clear();
    if (!reaches()) return;
    starts_ = loader_;
    if (const auto why = loader_->why_not_generated(); is_edited_ && !why.empty()) throw Error(why);
}

Files BootLines::files() const { return loader_ != nullptr ? loader_->files() : Files(); }

void BootLines::apply(System& system, const Files& is, const Files& should) const {
    system.apply(is, should);
    if (!is_edited_ || !reaches()) return;
    try {
        loader_->generate(system);
    } catch (const Error& error) {
        system.apply(should, is);
        throw Error(concat({error.what(), "; the files that it reads were put back"}));
    }
}

}  // namespace virtbp
