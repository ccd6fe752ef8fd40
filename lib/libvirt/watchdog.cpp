// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/watchdog.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "lib/json.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

// Made before the signal: a handler must not allocate.
std::string last_words;
unsigned limit = 60;

void give_up(int) {
    const auto written = write(STDOUT_FILENO, last_words.data(), last_words.size());
    _exit(written < 0 ? 2 : 1);
}

}  // namespace

void start_watchdog(std::string_view what, bool may_have_changed) {
    const char* const given = getenv("VIRTBP_LIBVIRT_TIMEOUT");
    if (const auto seconds = given != nullptr ? to_integer(given) : std::nullopt)
        limit = static_cast<unsigned>(std::clamp(*seconds, 1L, 86400L));
    const json result{{"failed", true},
                      {"changed", may_have_changed},
                      {"msg", concat({what, " within ", std::to_string(limit), " s"})}};
    last_words = result.dump(-1, ' ', true, json::error_handler_t::replace) + "\n";
    struct sigaction action{};
    action.sa_handler = give_up;
    sigaction(SIGALRM, &action, nullptr);
    restart_watchdog();
}

void restart_watchdog() { alarm(limit); }

void stop_watchdog() { alarm(0); }

}  // namespace virtbp
