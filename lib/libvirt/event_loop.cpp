// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/event_loop.hpp"

#include <libvirt/libvirt.h>

#include <atomic>
#include <thread>

#include "lib/libvirt/libvirt.hpp"

namespace virtbp {

namespace {

constexpr Libvirt<virEventAddTimeout> add_timeout{"virEventAddTimeout"};
constexpr Libvirt<virEventRegisterDefaultImpl> register_default{"virEventRegisterDefaultImpl"};
constexpr Libvirt<virEventRunDefaultImpl> run_once{"virEventRunDefaultImpl"};
constexpr Libvirt<virEventUpdateTimeout> update_timeout{"virEventUpdateTimeout"};

class EventLoop {
public:
    EventLoop() {
        register_default();
        // Without a timer of its own the loop would sleep for ever, and not see that it is to stop.
        timer_ = add_timeout(-1, [](int, void*) {}, nullptr, nullptr);
        thread_ = std::thread([this] {
            while (!stop_) run_once();
        });
    }
    ~EventLoop() {
        stop_ = true;
        update_timeout(timer_, 0);
        thread_.join();
    }
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

private:
    int timer_ = -1;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace

std::shared_ptr<void> run_event_loop() {
    static std::weak_ptr<EventLoop> running;  // libvirt has one loop a process
    auto loop = running.lock();
    if (!loop) running = loop = std::make_shared<EventLoop>();
    return loop;
}

}  // namespace virtbp
