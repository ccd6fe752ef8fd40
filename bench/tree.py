# SPDX-License-Identifier: GPL-3.0-or-later
"""Made trees of large machines."""

from pathlib import Path

CMDLINE = "root=UUID=0a3407de-1c1f-4f0e-9d6c-0c6a1f4c8f10 ro crashkernel=1G-4G:192M,4G-64G:256M console=tty0 quiet"


def disk_name(number: int) -> str:
    """sda, sdb … sdz, sdaa …: as the kernel counts."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("a") + letter) + name
    return "sd" + name


def make_disks(root: Path, count: int) -> str:
    """A /sys laid out as the kernel's: /sys/block/NAME links to the device's own folder; returns the first's name."""
    for folder in ("sys/block", "sys/class/block", "sys/dev/block", "proc/sys/kernel", "etc", "dev"):
        (root / folder).mkdir(parents=True)
    (root / "proc/sys/kernel/osrelease").write_text("6.4.0-150600.23-default\n", encoding="ascii")
    for number in range(count):
        name, device = disk_name(number), f"{8 + number // 256}:{number % 256}"
        place = f"devices/pci0000:00/0000:00:1f.2/host{number}/target{number}:0:0/{number}:0:0:0/block/{name}"
        folder = root / "sys" / place
        for below in ("queue", "device"):
            (folder / below).mkdir(parents=True)
        files = {"dev": device, "size": "1953525168", "removable": "0", "ro": "0", "hidden": "0",
                 "queue/scheduler": "[mq-deadline] kyber bfq none", "queue/rotational": "1",
                 "device/model": "ST1000NM0008", "device/vendor": "ATA", "device/type": "0"}
        for file, text in files.items():
            (folder / file).write_text(text + "\n", encoding="ascii")
        for link in (f"sys/block/{name}", f"sys/class/block/{name}"):
            (root / link).symlink_to("../" * (link.count("/") - 1) + place)
        (root / "sys/dev/block" / device).symlink_to(f"../../{place}")
    return disk_name(0)


def make_boot_files(root: Path, files: dict[str, str]) -> None:
    defaults = f'GRUB_DEFAULT=saved\nGRUB_CMDLINE_LINUX="{CMDLINE}"\nGRUB_CMDLINE_LINUX_DEFAULT=""\n'
    common = {"etc/default/grub": defaults,
              "proc/cmdline": f"BOOT_IMAGE=/vmlinuz-5.14.0-0.x86_64 {CMDLINE}\n"}
    for path, text in (common | files).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="ascii")


def make_entries(root: Path, count: int) -> None:
    """Files of the Boot Loader Specification, as RHEL has one for each kernel."""
    machine = "7f2a9d0c4be14c0c9a5fb3d2e1f08a6b"
    files = {"boot/grub2/grub.cfg": "set default=\"${saved_entry}\"\ninsmod blscfg\nblscfg\n",
             "etc/kernel/cmdline": CMDLINE + "\n"}
    for number in range(count):
        version = f"5.14.0-{number}.el9.x86_64"
        files[f"boot/loader/entries/{machine}-{version}.conf"] = (
            f"title Red Hat Enterprise Linux ({version}) 9.4 (Plow)\nversion {version}\nlinux /vmlinuz-{version}\n"
            f"initrd /initramfs-{version}.img $tuned_initrd\noptions {CMDLINE} $tuned_params\n"
            "grub_users $grub_users\ngrub_arg --unrestricted\ngrub_class rhel\n")
    make_boot_files(root, files)


def make_grub_config(root: Path, size: int) -> None:
    """A grub.cfg of so many bytes and a little more, as grub-mkconfig writes it for many kernels."""
    parts = ["if [ -s $prefix/grubenv ]; then\n  load_env\nfi\nset default=\"${saved_entry}\"\n"
             "### BEGIN /etc/grub.d/10_linux ###\n"
             "submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced' {\n"]
    length = 0
    while length < size:
        version = f"6.4.0-{len(parts)}-default"
        parts.append(f"\tmenuentry 'SLES, with Linux {version}' --class sles --class gnu-linux $menuentry_id_option "
                     f"'gnulinux-{version}-advanced' {{\n\t\tload_video\n\t\tset gfxpayload=keep\n\t\tinsmod gzio\n"
                     "\t\tinsmod part_gpt\n\t\tinsmod btrfs\n\t\tif [ x$feature_platform_search_hint = xy ]; then\n"
                     "\t\t  search --no-floppy --fs-uuid --set=root 0a3407de-1c1f-4f0e-9d6c-0c6a1f4c8f10\n\t\telse\n"
                     "\t\t  search --no-floppy --fs-uuid --set=root 0a3407de-1c1f-4f0e-9d6c-0c6a1f4c8f10\n\t\tfi\n"
                     f"\t\techo\t'Loading Linux {version} ...'\n\t\tlinux\t/boot/vmlinuz-{version} {CMDLINE}\n"
                     f"\t\techo\t'Loading initial ramdisk ...'\n\t\tinitrd\t/boot/initrd-{version}\n\t}}\n")
        length += len(parts[-1])
    parts.append("}\n### END /etc/grub.d/10_linux ###\n")
    make_boot_files(root, {"boot/grub2/grub.cfg": "".join(parts)})
