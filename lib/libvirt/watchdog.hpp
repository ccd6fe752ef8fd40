// SPDX-License-Identifier: GPL-3.0-or-later
// A limit to how long libvirt may keep silent. Its calls cannot be broken off and have no limits of their
// own: a daemon that hangs would hang the play.
#pragma once

#include <string_view>

namespace virtbp {

/// From now on the process ends with a failed result, "`what` within 60 s", unless it is restarted or stopped
/// in time. The environment's VIRTBP_LIBVIRT_TIMEOUT gives other seconds.
/// `may_have_changed` is the result's changed: nobody knows what became of a change that is under way.
void start_watchdog(std::string_view what, bool may_have_changed);
void restart_watchdog();
void stop_watchdog();

}  // namespace virtbp
