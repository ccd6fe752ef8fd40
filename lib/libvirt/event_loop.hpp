// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's event loop. A driver that lives in this process (qemu:///embed) talks to its guests through it;
// a daemon's client needs none.
#pragma once

#include <memory>

namespace virtbp {

/// Runs the loop in a thread of its own until the last owner lets go. To be called before the connection is
/// opened (https://libvirt.org/drvqemu.html, "Driver URI").
std::shared_ptr<void> run_event_loop();

}  // namespace virtbp
