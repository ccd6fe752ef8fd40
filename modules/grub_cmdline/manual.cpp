// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/grub_cmdline/parameters.hpp"

namespace virtbp::grub_cmdline {

Manual manual() {
    return {
        .name = "grub_cmdline",
        .summary = "Set kernel parameters of the next boot",
        .description = {"Edits the parameters of the kernel, or of the Xen hypervisor, in the files of the "
                        "boot loader that the "
                        "machine has, makes the loader's own file from them, and puts that in place only "
                        "after it was checked.",
                        "Says of each parameter what the files are set to (layer C(persistent)), what the "
                        "entry holds that the "
                        "next boot starts (layer C(boot)), and what the running kernel was started with "
                        "(layer C(runtime)).",
                        "Shell files such as C(/etc/default/grub) are parsed, and never executed. What "
                        "cannot be edited safely "
                        "is an error with the line's number, and nothing is written."},
        .notes =
            {"A running kernel keeps its command line: a parameter that it lacks is C(pending_reboot), and "
             "C(reboot_required) is true until the machine has booted.",
             "Parameters of huge pages are better asked of M(virtbp.core.hugepages), which checks memory, "
             "too.",
             "Rescue entries are changed with O(variable=recovery) only."},
        .examples = R"(- name: Let guests use devices by VFIO, and keep the serial console
  virtbp.core.grub_cmdline:
    present:
      - "intel_iommu=on"
      - "iommu=pt"
      - "console=tty0"
      - "console=ttyS0,115200n8"
    absent: [elevator]

- name: Give dom0 a fixed amount of memory
  virtbp.core.grub_cmdline:
    variable: xen_default
    present: ["dom0_mem=8G,max:8G"]
)",
        .returns = {{"backend",
                     "dict",
                     {"The boot loader's C(name), as O(backend) has it, and C(why) it is this one."},
                     {{"name", "grub2"}, {"why", "/etc/default/grub is there"}}},
                    {"configured",
                     "dict",
                     {"The edited lines by their place."},
                     {{"/etc/default/grub:6", "quiet intel_iommu=on"}}},
                    {"generated",
                     "str",
                     {"The parameters of the entry that the next boot starts."},
                     "root=UUID=0a3407de ro quiet intel_iommu=on"},
                    {"running",
                     "str",
                     {"The parameters that the running kernel was started with."},
                     "root=UUID=0a3407de ro quiet"},
                    {"next_boot",
                     "dict",
                     {"The C(entry) that starts, C(why) it is this one, and its C(line)."},
                     {{"entry", "Debian GNU/Linux"},
                      {"why", "set default"},
                      {"line", "root=UUID=0a3407de ro quiet intel_iommu=on"}}},
                    {"reboot_reasons",
                     "list",
                     {"A sentence for each parameter that waits for a boot."},
                     {"intel_iommu: a running kernel's command line stays until the next boot"}}},
    };
}

}  // namespace virtbp::grub_cmdline
