// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes of pages and amounts of memory, all in bytes. A long holds them: 2^63 bytes and more are refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace virtbp {

static_assert(sizeof(long) == 8);

/// A page size in any spelling: 2M, 2MB, 2MiB, 2048kB, 2048K, 2048KiB, 2097152, in either case and all
/// binary. Throws Error where it is none, or no power of two.
long parse_page_size(std::string_view text);

/// "64K", "2M", "1G": the largest unit that leaves a whole number.
std::string page_size_name(long bytes);

/// An amount of memory: 8G and 8GiB are binary, 8GB is 8 * 10^9, a plain number is bytes; blanks before the
/// unit and either case are allowed ("512000 KiB", where kB is 1000). Throws Error where it is none or too
/// large.
long parse_memory(std::string_view text);

/// /sys/kernel/mm/hugepages has a folder for each size, "hugepages-2048kB".
std::string hugepages_folder(long page_size);
/// The page size of such a folder's name; nothing where it is not one.
std::optional<long> hugepages_folder_size(std::string_view name);

/// What the kernel's memparse() (lib/cmdline.c) reads at the beginning of a text, and what it leaves.
struct KernelSize {
    unsigned long
        bytes;  ///< decimal, 0x… or 0…, then K, M, G, T, P or E; wraps where too large, 0 where none
    std::string_view rest;  ///< what follows
};
KernelSize parse_kernel_size(std::string_view text);

}  // namespace virtbp
