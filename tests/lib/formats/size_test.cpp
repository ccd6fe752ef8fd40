// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/size.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {
constexpr long kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
}

TEST_CASE("all spellings of a page size are equal") {
    for (const std::string text :
         {"2M", "2MB", "2MiB", "2m", "2mb", "2048kB", "2048K", "2048KiB", "2048k", "2097152", " 2 M "}) {
        CAPTURE(text);
        CHECK(parse_page_size(text) == 2 * mib);
    }
    for (const std::string text :
         {"1G", "1GB", "1GiB", "1g", "1024M", "1048576K", "1073741824", "1073741824B"}) {
        CAPTURE(text);
        CHECK(parse_page_size(text) == gib);
    }
}

TEST_CASE("a page size is a power of two") {
    for (const std::string text : {"", "0", "3M", "2.5M", "-2M", "M", "2X", "2Mi", "2MM", "1000000", "huge",
                                   "16E", "99999999999999999999"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH(parse_page_size(text),
                          "\"" + text + "\" is not a page size, such as 2M, 1G or 2048kB");
    }
}

TEST_CASE("a page size is named with its largest unit") {
    CHECK(page_size_name(64 * kib) == "64K");
    CHECK(page_size_name(2 * mib) == "2M");
    CHECK(page_size_name(16 * mib) == "16M");
    CHECK(page_size_name(512 * mib) == "512M");
    CHECK(page_size_name(gib) == "1G");
    CHECK(page_size_name(16 * gib) == "16G");
    CHECK(page_size_name(1536) == "1536");
    CHECK(page_size_name(0) == "0");
}

TEST_CASE("memory is binary, but for kB, MB and GB") {
    CHECK(parse_memory("8G") == 8 * gib);
    CHECK(parse_memory("8GiB") == 8 * gib);
    CHECK(parse_memory("8gib") == 8 * gib);
    CHECK(parse_memory("8GB") == 8'000'000'000);
    CHECK(parse_memory("512000 KiB") == 512000 * kib);
    CHECK(parse_memory("512000 kB") == 512'000'000);
    CHECK(parse_memory("4096") == 4096);
    CHECK(parse_memory("4096 bytes") == 4096);
    CHECK(parse_memory("0") == 0);
    CHECK(parse_memory("1T") == 1024 * gib);
    CHECK(parse_memory("7E") == 7 * gib * gib);
}

TEST_CASE("an amount of memory that is none or too large is refused") {
    for (const std::string text : {"", "G", "-1G", "+1G", "1.5G", "8X", "8GBB", "8G G", "8E",
                                   "9223372036854775808", "9999999999P", "10%", "0x10"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH(parse_memory(text), "\"" + text +
                                                  "\" is not an amount of memory below 8 EiB, such as "
                                                  "8G or 512000 KiB");
    }
}

TEST_CASE("folders of huge pages are named in kB") {
    CHECK(hugepages_folder(2 * mib) == "hugepages-2048kB");
    CHECK(hugepages_folder(gib) == "hugepages-1048576kB");
    CHECK(hugepages_folder_size("hugepages-2048kB") == 2 * mib);
    CHECK(hugepages_folder_size("hugepages-1048576kB") == gib);
    CHECK(hugepages_folder_size("hugepages-64kB") == 64 * kib);
}

TEST_CASE("other names are no folders of huge pages") {
    for (const std::string name :
         {"", "hugepages-", "hugepages-kB", "hugepages-2048", "hugepages-2048KB", "hugepages-02048kB",
          "hugepages-3kB", "hugepages--1kB", "hugepages-2MkB", "hugepages-2048kB~",
          "hugepages-9223372036854775807kB", "hugepages-2048 kB", "2048kB"}) {
        CAPTURE(name);
        CHECK_FALSE(hugepages_folder_size(name));
    }
}

TEST_CASE("the kernel reads a size up to where it ends") {
    const auto check = [](std::string_view text, unsigned long bytes, std::string_view rest) {
        CAPTURE(text);
        const auto size = parse_kernel_size(text);
        CHECK(size.bytes == bytes);
        CHECK(size.rest == rest);
    };
    check("2M", 2UL << 20U, "");
    check("1GB", 1UL << 30U, "B");
    check("2MiB", 2UL << 20U, "iB");
    check("0x200000", 2UL << 20U, "");
    check("0X10k", 16UL << 10U, "");
    check("010", 8, "");
    check("09", 0, "9");
    check("0x", 0, "x");
    check("50%", 50, "%");
    check("", 0, "");
    check("G", 0, "");
    check("-1", 0, "-1");
    check(" 1", 0, " 1");
    check("18446744073709551617", 1, "");
    check("16E", 0, "");
}
