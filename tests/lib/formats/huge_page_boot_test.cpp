// SPDX-License-Identifier: GPL-3.0-or-later
#include <random>

#include "lib/error.hpp"
#include "lib/formats/cmdline.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

constexpr long size_2m = 2L << 20U, size_1g = 1L << 30U;
const HugePageSupport support = {{size_2m, size_1g}, size_2m, {0, 1}};

/// "default 2M: 2M×512 1G×4(0:2,1:2); ignored: …"
std::string show(std::string_view line, const HugePageSupport& kernel = support) {
    const auto boot = simulate_huge_page_boot(parse_cmdline(line), kernel);
    auto text = concat({page_size_name(boot.default_size), ":"});
    for (const auto& pool : boot.pools) {
        append(text, {" ", page_size_name(pool.size), "x", std::to_string(pool.count)});
        std::string nodes;
        for (const auto& [node, pages] : pool.nodes)
            append(nodes, {nodes.empty() ? "" : ",", std::to_string(node), ":", std::to_string(pages)});
        if (!nodes.empty()) append(text, {"(", nodes, ")"});
    }
    for (const auto& [token, why] : boot.ignored) append(text, {"; ", token, ": ", why});
    return text;
}

}  // namespace

TEST_CASE("each count belongs to the size before it") {
    CHECK(show("hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512") == "2M: 1Gx4 2Mx512");
    CHECK(show("quiet default_hugepagesz=1G hugepagesz=1G hugepages=4 root=/ hugepagesz=2M hugepages=512") ==
          "1G: 1Gx4 2Mx512");
    CHECK(show("default_hugepagesz=1G hugepages=16") == "1G: 1Gx16");
    CHECK(show("") == "2M:");
    CHECK(show("default_hugepagesz=1G") == "1G:");
}

TEST_CASE("all spellings of a size that the kernel reads are equal") {
    for (const std::string size : {"1G", "1GB", "1g", "1024M", "1048576K", "1073741824", "0x40000000"}) {
        CAPTURE(size);
        CHECK(show("hugepagesz=" + size + " hugepages=2") == "2M: 1Gx2");
    }
}

TEST_CASE("a count before any size is for the default size") {
    CHECK(show("hugepages=8") == "2M: 2Mx8");
    CHECK(show("hugepages=8 default_hugepagesz=1G") == "1G: 1Gx8");
    CHECK(show("hugepages=8 hugepagesz=1G hugepages=2") == "2M: 1Gx2 2Mx8");
    CHECK(show("hugepages=8 hugepagesz=2M hugepages=9") ==
          "2M: 2Mx8; hugepages=9: hugepages=8 came first, for the default size");
    CHECK(show("hugepages=0 hugepagesz=2M hugepages=9") == "2M: 2Mx9");
}

TEST_CASE("sizes that stand together leave the first without pages") {
    CHECK(show("hugepagesz=1G hugepagesz=2M hugepages=16 hugepages=512") ==
          "2M: 2Mx16; hugepages=512: this size has a count before");
}

TEST_CASE("a size that the kernel does not offer takes its count along") {
    CHECK(show("hugepagesz=16M hugepages=4") ==
          "2M:; hugepagesz=16M: the kernel does not offer this size; hugepages=4: it follows a size that is "
          "ignored");
    CHECK(show("hugepagesz=16M hugepages=4 hugepagesz=2M hugepages=5") ==
          "2M: 2Mx5; hugepagesz=16M: the kernel does not offer this size; "
          "hugepages=4: it follows a size that is ignored");
    // Only one count is lost: the next goes to the size before.
    CHECK(show("hugepagesz=1G hugepagesz=x hugepages=4 hugepages=5") ==
          "2M: 1Gx5; hugepagesz=x: the kernel does not offer this size; "
          "hugepages=4: it follows a size that is ignored");
}

TEST_CASE("a size may be named once, but for the default one before it has pages") {
    CHECK(show("hugepagesz=2M hugepages=1 hugepagesz=2M hugepages=2") ==
          "2M: 2Mx1; hugepagesz=2M: this size was given before; hugepages=2: it follows a size that is "
          "ignored");
    CHECK(show("default_hugepagesz=2M hugepages=1 hugepagesz=2M hugepages=2") ==
          "2M: 2Mx1; hugepagesz=2M: this size was given before; hugepages=2: it follows a size that is "
          "ignored");
    CHECK(show("default_hugepagesz=1G default_hugepagesz=2M hugepages=2") ==
          "1G:; default_hugepagesz=2M: the default size was given before; "
          "hugepages=2: it follows a size that is ignored");
}

TEST_CASE("a default size named after its pool does not draw counts to it") {
    CHECK(show("hugepagesz=2M hugepagesz=1G default_hugepagesz=2M hugepages=5") == "2M: 1Gx5");
}

TEST_CASE("a count before any size goes over another that the default size has") {
    CHECK(show("hugepages=5 hugepagesz=1G hugepages=7 default_hugepagesz=1G") ==
          "1G: 1Gx5; hugepages=7: hugepages=5 came first, for the default size");
}

TEST_CASE("a count before any size takes away nodes of the built-in default size only") {
    CHECK(show("hugepages=3 hugepagesz=2M hugepages=1:7") ==
          "2M: 2Mx3; hugepages=1:7: hugepages=3 came first, for the default size");
    CHECK(show("hugepages=3 hugepagesz=1G hugepages=1:7 default_hugepagesz=1G") ==
          "1G: 1Gx7(1:7); hugepages=3: hugepages=1:7 names nodes of the same size");
}

TEST_CASE("counts may be given per node") {
    CHECK(show("hugepagesz=1G hugepages=0:4,1:6") == "2M: 1Gx10(0:4,1:6)");
    CHECK(show("hugepages=1:3") == "2M: 2Mx3(1:3)");
    CHECK(show("hugepages=1:3 default_hugepagesz=1G") == "1G: 1Gx3(1:3)");
    CHECK(show("hugepages=0:4,0:2") == "2M: 2Mx2(0:2)");
    CHECK(show("hugepages=0:0,1:0") == "2M:");
    CHECK(show("hugepages=0:9223372036854775807,1:9223372036854775807") ==
          "2M: 2Mx9223372036854775807(0:9223372036854775807,1:9223372036854775807)");
}

TEST_CASE("a count that is none, or for a node that is not online, is ignored") {
    for (const std::string count :
         {"many", "-1", "0:4,5:1", "0:4,1", "0:", "0:x", "99999999999:1", "4294967296:1"}) {
        CAPTURE(count);
        CHECK(show("hugepages=" + count) ==
              "2M:; hugepages=" + count + ": it is no count, or names a node that is not online");
    }
    // What follows the number is not looked at, as the kernel does not.
    CHECK(show("hugepages=12x") == "2M: 2Mx12");
    CHECK(show("hugepages=0x10") == "2M:");
    CHECK(show("hugepages=") == "2M:");
    CHECK(show("hugepages= hugepages=5") == "2M:; hugepages=5: this size has a count before");
}

TEST_CASE("a parameter without a value is ignored") {
    CHECK(show("hugepages hugepagesz=1G hugepages=1") == "2M: 1Gx1; hugepages: it has no value");
}

TEST_CASE("what follows two dashes is not for the kernel") {
    CHECK(show("hugepages=1 -- hugepages=2") == "2M: 2Mx1");
}

TEST_CASE("newer kernels keep so many parameters of huge pages and no more") {
    auto newer = support;
    newer.most_parameters = 5;
    CHECK(show("default_hugepagesz=1G hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512", newer) ==
          "1G: 1Gx4 2Mx512");
    CHECK(show("hugepages=1 default_hugepagesz=1G hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512",
               newer) ==
          "1G: 1Gx1; hugepagesz=1G: this size was given before; hugepages=4: it follows a size that is "
          "ignored; "
          "hugepages=512: the kernel keeps no more parameters of huge pages");
}

TEST_CASE("only the three parameters belong to the group") {
    const auto is_in = [](std::string_view text) {
        return in_huge_page_group(parse_cmdline(text).tokens.at(0));
    };
    CHECK(is_in("hugepages=1"));
    CHECK(is_in("hugepagesz=1G"));
    CHECK(is_in("default_hugepagesz=1G"));
    CHECK(is_in("default-hugepagesz=1G"));
    CHECK_FALSE(is_in("hugepages_treat_as_movable=1"));
    CHECK_FALSE(is_in("transparent_hugepage=never"));
    CHECK_FALSE(is_in("hugetlb_cma=1G"));
}

TEST_CASE("the group is written with its default size first and each count after its size") {
    CHECK(join(render_huge_page_group(size_1g, {{size_1g, 4}, {size_2m, 512, {{0, 256}, {1, 256}}}}), " ") ==
          "default_hugepagesz=1G hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=0:256,1:256");
    CHECK(render_huge_page_group({}, {}).empty());
}

TEST_CASE("a group that would not boot as wanted is refused") {
    CHECK_THROWS_WITH(render_huge_page_group({}, {{size_2m, 1}, {size_2m, 2}}),
                      "huge pages of 2M are wanted twice");
    CHECK_THROWS_AS(render_huge_page_group({}, {{size_2m, -1}}), Error);
    CHECK_THROWS_AS(render_huge_page_group({}, {{size_2m, 1, {{-1, 1}}}}), Error);
}

TEST_CASE("a group that is written boots as wanted, whatever stands around it") {
    const auto seed = Catch::rngSeed();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
    const std::vector<long> sizes = {64L << 10U, size_2m, 32L << 20U, size_1g, 16L << 30U};
    for (int round = 0; round < 1000; ++round) {
        const HugePageSupport kernel = {sizes, sizes[static_cast<size_t>(below(5))], {0, 1, 2, 7}};
        std::optional<long> default_size;
        if (below(2) == 0) default_size = sizes[static_cast<size_t>(below(5))];
        std::vector<BootPool> pools;
        for (const long size : sizes) {
            if (below(2) == 0) continue;
            BootPool pool{size, 1 + below(1000)};
            for (const int node : kernel.nodes)
                if (below(4) == 0) pool.nodes[node] = 1 + below(100);
            if (!pool.nodes.empty()) pool.count = 0;
            for (const auto& [node, pages] : pool.nodes) pool.count += pages;
            pools.insert(pools.begin() + below(static_cast<int>(pools.size()) + 1), pool);
        }
        std::string line = "root=/dev/sda1";
        for (const auto& token : render_huge_page_group(default_size, pools)) {
            line += " " + token;
            if (below(3) == 0) line += " console=ttyS0 \"dyndbg=a b\"";
        }
        CAPTURE(line);
        const auto boot = simulate_huge_page_boot(parse_cmdline(line), kernel);
        CHECK(boot.ignored.empty());
        CHECK(boot.default_size == default_size.value_or(kernel.default_size));
        const auto by_size = [](const BootPool& a, const BootPool& b) { return a.size < b.size; };
        auto got = boot.pools;
        std::sort(got.begin(), got.end(), by_size);
        std::sort(pools.begin(), pools.end(), by_size);
        REQUIRE(got == pools);
    }
}
