// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/io_scheduler/params.hpp"

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

void IoSchedulerParams::check() const {
    HostParams::check();
    if (remove_elevator && !persistent)
        throw Error("remove_elevator: persistent must be true, a running kernel's line cannot be changed");
    if (scheduler.empty() && !role) throw Error("scheduler: wanted at least one name, found an empty list");
    for (const auto& name : scheduler)
        if (name.empty() ||
            name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos)
            throw Error(concat({"scheduler: wanted names of schedulers, found ", json(name).dump()}));
}

Parameters<IoSchedulerParams> IoSchedulerParams::parameters() {
    auto own =
        Parameters<IoSchedulerParams>()
            .add("devices", &IoSchedulerParams::devices,
                 {"The disks: names (V(sda)), paths (V(/dev/disk/by-id/...)), shell patterns of both, or "
                  "V(all).",
                  "A partition is its disk. LVM, encryption and software RAID are followed down to the disks "
                  "that "
                  "they stand on. The paths of a multipath device that schedules for them are that device.",
                  "V(all) is every disk whose queue takes a scheduler, but for removable ones and for "
                  "virtual ones "
                  "such as loop devices and RAM disks, unless O(select) asks for these; CD and floppy drives "
                  "never."},
                 {.required = true})
            .add("select", &IoSchedulerParams::select, {"Narrows O(devices)."})
            .add("scheduler", &IoSchedulerParams::scheduler,
                 {"A scheduler, or several in order of preference: the first that a disk offers wins.",
                  "The names of both eras are equal: V(noop) is V(none), V(deadline) is V(mq-deadline), "
                  "V(cfq) is "
                  "V(bfq); each disk gets the one that its kernel knows.",
                  "One that is not listed counts as offered where the kernel has its module."})
            .add("role", &IoSchedulerParams::role,
                 {"The guide's choice instead of O(scheduler). V(host) is mq-deadline, and none for NVMe and "
                  "for what "
                  "offers nothing else; V(guest) is none. On kernels of before 5.0 deadline and noop."},
                 {.choices = {"host", "guest"}})
            .add("allow_none", &IoSchedulerParams::allow_none,
                 {"Whether it is fine that no disk is found, or not one that is named."})
            .add("remove_elevator", &IoSchedulerParams::remove_elevator,
                 {"Takes the kernel parameter C(elevator=) off the lines of the boot loader, which is found "
                  "as "
                  "M(virtbp.core.grub_cmdline) does it. Kernels of before 5.0, which obey it, keep it."})
            .where(
                {.mutually_exclusive = {{"scheduler", "role"}}, .required_one_of = {{"scheduler", "role"}}});
    return with(std::move(own));
}

std::vector<std::string> IoSchedulerParams::preference(const Disk& disk) const {
    if (!role) return scheduler;
    if (role == "guest" || disk.is_nvme()) return {"none"};
    return {"mq-deadline", "none"};
}

Manual io_scheduler_manual() {
    return {
        .name = "io_scheduler",
        .summary = "Choose the I/O schedulers of disks",
        .description =
            {"Sets the scheduler of each disk in the running kernel, and for good by a udev rule in "
             "C(/etc/udev/rules.d/65-virtbp-io-scheduler.rules), after those of the distribution.",
             "A rule goes by a stable id: WWN, serial number or device mapper's UUID. Where a disk has none "
             "it goes by "
             "the kernel's name, with a warning.",
             "What other rules already do counts: a disk that they give the scheduler needs no rule of ours, "
             "and one "
             "that they give another one after ours is reported as C(overridden)."},
        .notes =
            {"Devices that take no scheduler (zram, most of the device mapper, md) are C(not_applicable).",
             "The kernel parameter C(elevator=) has had no effect since Linux 5.0; where it is still there, "
             "a "
             "warning says so, and O(remove_elevator) takes it away."},
        .examples = R"(- name: Schedule the disks of a host as the guide does
  virtbp.core.io_scheduler:
    devices: all
    role: host

- name: Let rotating disks share fairly, by the best that they offer
  virtbp.core.io_scheduler:
    devices: ["sd*", /dev/mapper/mpatha]
    select:
      rotational: true
    scheduler: [bfq, mq-deadline]
    allow_none: true
)",
        .returns =
            {{"devices",
              "list",
              {"The disks: C(name), scheduler C(before) and C(after), those C(offered), C(source): the line "
               "that sets it at boot, and the worst C(outcome) of its fields."},
              {{{"name", "sda"},
                {"before", "bfq"},
                {"after", "mq-deadline"},
                {"offered", {"mq-deadline", "kyber", "bfq", "none"}},
                {"source", "/etc/udev/rules.d/65-virtbp-io-scheduler.rules:2"},
                {"outcome", "changed"}}}}},
    };
}

}  // namespace virtbp
