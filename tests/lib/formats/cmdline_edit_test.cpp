// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/cmdline_edit.hpp"

#include <random>

#include "lib/error.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

const HugePageSupport x86{{2L << 20U, 1L << 30U}, 2L << 20U, {0, 1}};

std::vector<CmdlineToken> parameters(const std::vector<std::string>& texts) {
    std::vector<CmdlineToken> tokens;
    for (const auto& text : texts) tokens.push_back(parse_parameter(text));
    return tokens;
}

CmdlineWish wish(const std::vector<std::string>& present, const std::vector<std::string>& absent = {}) {
    return {parameters(present), parameters(absent)};
}

/// Edited; the law that a second edit changes nothing is checked each time.
std::string edit(const std::string& line, const CmdlineWish& wished) {
    check_wish(wished, x86);
    const auto edited = edit_cmdline(line, wished, x86);
    CHECK(edit_cmdline(edited, wished, x86) == edited);
    return edited;
}

std::string set(const std::string& line, const std::vector<std::string>& present) {
    return edit(line, wish(present));
}

std::string unset(const std::string& line, const std::vector<std::string>& absent) {
    return edit(line, wish({}, absent));
}

std::string replace(const std::string& line, const std::vector<std::string>& present, bool force = false) {
    return edit(line, {parameters(present), {}, true, force});
}

json value(const std::string& line, const std::string& name) {
    return cmdline_value(parse_cmdline(line), name, x86);
}

}  // namespace

TEST_CASE("a parameter that counts once") {
    CHECK(set("", {"quiet"}) == "quiet");
    CHECK(set("ro quiet", {"quiet"}) == "ro quiet");
    CHECK(set("ro  quiet ", {"iommu=pt"}) == "ro  quiet iommu=pt ");
    CHECK(set("iommu=on ro", {"iommu=pt"}) == "iommu=pt ro");
    CHECK(set("a=1 b a=2 c", {"a=3"}) == "b a=3 c");
    CHECK(set("a=1 b a=3 c", {"a=3"}) == "a=1 b a=3 c");  // the last one counts
    CHECK(set("kvm_intel.ple_gap=1", {"kvm-intel.ple_gap=0"}) == "kvm-intel.ple_gap=0");
    CHECK(set("kvm-intel.ple_gap=0", {"kvm_intel.ple_gap=0"}) == "kvm-intel.ple_gap=0");
    CHECK(set("kvm_intelXple_gap=0", {"kvm_intel.ple_gap=0"}) == "kvm_intelXple_gap=0 kvm_intel.ple_gap=0");
    CHECK(set("quiet", {"quiet=1"}) == "quiet=1");
    CHECK(set("root=/dev/sda1 init=/bin/x -- single", {"quiet"}) ==
          "root=/dev/sda1 init=/bin/x quiet -- single");
    CHECK(set("-- single", {"quiet"}) == "quiet -- single");
}

TEST_CASE("what is taken away leaves one blank less, and everything else") {
    CHECK(unset("a quiet  b", {"quiet"}) == "a  b");
    CHECK(unset("quiet b", {"quiet"}) == "b");
    CHECK(unset("  quiet b", {"quiet"}) == "  b");
    CHECK(unset("quiet", {"quiet"}) == "");
    CHECK(unset("a=1 a=2 b", {"a"}) == "b");
    CHECK(unset("a=1 a=2 b", {"a=1"}) == "a=2 b");
    CHECK(unset("a b", {"c", "d=1"}) == "a b");
    CHECK(unset("b \\$tuned_params elevator=noop -- elevator", {"elevator"}) ==
          "b \\$tuned_params -- elevator");
}

TEST_CASE("consoles may come often, and their order counts") {
    CHECK(set("console=tty0", {"console=ttyS0"}) == "console=tty0 console=ttyS0");
    CHECK(set("console=tty0 console=ttyS0", {"console=tty0", "console=ttyS0"}) ==
          "console=tty0 console=ttyS0");
    CHECK(set("console=ttyS0 a console=tty0", {"console=tty0", "console=ttyS0"}) ==
          "console=tty0 console=ttyS0 a");
    CHECK(set("console=ttyS1 a console=ttyS0", {"console=tty0", "console=ttyS0"}) ==
          "console=ttyS1 console=tty0 console=ttyS0 a");
    CHECK(edit("console=tty0 a console=ttyS1", wish({"console=ttyS0"}, {"console"})) == "a console=ttyS0");
    CHECK(set("rd.lvm.lv=a/root", {"rd.lvm.lv=a/swap"}) == "rd.lvm.lv=a/root rd.lvm.lv=a/swap");
    CHECK(set("kvm.dyndbg=+p", {"kvm.dyndbg=+pf"}) == "kvm.dyndbg=+p kvm.dyndbg=+pf");
    CHECK(value("console=tty0 x console=ttyS0,115200", "console") == "tty0 ttyS0,115200");
}

TEST_CASE("lists in which order means nothing") {
    CHECK(set("mitigations=nosmt,auto", {"mitigations=auto,nosmt"}) == "mitigations=nosmt,auto");
    CHECK(set("dom0_mem=max:8G,8G", {"dom0_mem=8G,max:8G"}) == "dom0_mem=max:8G,8G");
    CHECK(set("mitigations=auto", {"mitigations=auto,nosmt"}) == "mitigations=auto,nosmt");
    CHECK(set("isolcpus=domain,1", {"isolcpus=1,domain"}) == "isolcpus=1,domain");
}

TEST_CASE("huge pages are one group, in order") {
    const std::vector<std::string> two{"hugepagesz=1G", "hugepages=16", "hugepagesz=2M", "hugepages=512"};
    CHECK(set("ro", two) == "ro hugepagesz=1G hugepages=16 hugepagesz=2M hugepages=512");
    // The same pools, spelled and ordered otherwise.
    const std::string same = "hugepagesz=2048k hugepages=512 x hugepagesz=1024M hugepages=16";
    CHECK(set(same, two) == same);
    CHECK(set("hugepagesz=1G hugepagesz=2M hugepages=16 hugepages=512 x", two) ==
          "hugepagesz=1G hugepages=16 hugepagesz=2M hugepages=512 x");
    CHECK(set("a hugepagesz=1G hugepages=4 b hugepages=7 c", {"hugepages=64"}) == "a hugepages=64 b c");
    // Equal counts of two sizes are not duplicates.
    CHECK(set("q", {"hugepagesz=1G", "hugepages=4", "hugepagesz=2M", "hugepages=4"}) ==
          "q hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4");
    CHECK(value("hugepages=4 hugepagesz=1G hugepages=2", "hugepages") ==
          "hugepagesz=1G hugepages=2 hugepagesz=2M hugepages=4");
    CHECK(value("default_hugepagesz=1G hugepages=2", "hugepages") ==
          "default_hugepagesz=1G hugepagesz=1G hugepages=2");
    CHECK(value("ro", "hugepages").is_null());
    CHECK(unset("hugepagesz=1G hugepages=2 a", {"hugepagesz", "hugepages"}) == "a");
    CHECK_THROWS_WITH(unset("hugepagesz=1G hugepages=2 hugepagesz=2M hugepages=4", {"hugepagesz"}),
                      Catch::Contains("absent: the kernel would ignore hugepages=4"));
    CHECK_THROWS_WITH(set("", {"hugepagesz=1G", "hugepages=1", "hugepages=2"}),
                      Catch::Contains("present: the kernel would ignore hugepages=2"));
    CHECK_THROWS_WITH(set("", {"hugepagesz=3M", "hugepages=1"}), Catch::Contains("ignore hugepagesz=3M"));
}

TEST_CASE("the whole line, but for what the machine boots by") {
    const std::string old = "root=UUID=1 quiet rd.lvm.lv=a/b splash resume=/dev/sda2 $tuned_params";
    CHECK(replace(old, {"iommu=pt"}) == "root=UUID=1 rd.lvm.lv=a/b resume=/dev/sda2 $tuned_params iommu=pt");
    CHECK(replace("root=a b", {"root=c", "b"}) == "root=c b");
    CHECK(replace("a root=x b", {"a", "b"}) == "a root=x b");
    CHECK(replace(old, {"iommu=pt"}, true) == "iommu=pt");
    CHECK(replace("a -- single", {"b"}) == "b -- single");
    CHECK(replace("a -- single", {"b"}, true) == "b");
}

TEST_CASE("what a user writes as a parameter") {
    CHECK(parse_parameter("dyndbg=file a.c +p").text == "dyndbg=\"file a.c +p\"");
    CHECK(parse_parameter("dyndbg=\"file a.c +p\"").value == "file a.c +p");
    CHECK(set("", {"dyndbg=file a +p"}) == "dyndbg=\"file a +p\"");
    CHECK(set("dyndbg=\"file a +p\" x", {"dyndbg=file a +p"}) == "dyndbg=\"file a +p\" x");
    for (const std::string wrong : {"", "a b", "--", "=1", "a=\"b", "a ", " a", "a\nb=1", "a=b\tc\x01"})
        CHECK_THROWS_AS(parse_parameter(wrong), Error);
    for (const std::string word : {"True", "None", "intel_iommu=False", "iommu=None"})
        CHECK_THROWS_WITH(parse_parameter(word), Catch::Contains("quote it"));
    CHECK_THROWS_WITH(check_wish(wish({"a"}, {"a"}), x86), "a is wanted present and absent");
    CHECK_THROWS_WITH(check_wish(wish({"a=1", "a=2"}), x86), Catch::Contains("only its last value counts"));
}

TEST_CASE("a quote that is not closed takes in what would come after it") {
    CHECK_THROWS_WITH(edit_cmdline("a=\"b c", wish({"quiet"}), x86),
                      Catch::Contains("a quote is not closed"));
}

TEST_CASE("managed parameters, each once, the group by one name") {
    CHECK(managed_parameters(wish({"a-b=1", "hugepagesz=1G", "hugepages=1", "c"}, {"a_b=2", "d"})) ==
          std::vector<std::string>{"a-b", "hugepages", "c", "d"});
    CHECK(value("a", "a") == true);
    CHECK(value("a=", "a") == "");
    CHECK(value("a=1 a=2", "a") == "2");
    CHECK(value("b", "a").is_null());
}

TEST_CASE("edits of random lines give what is wanted and move nothing else") {
    const auto seed = Catch::rngSeed();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const std::vector<std::string> pool{"quiet",
                                        "a=1",
                                        "a=2",
                                        "a-b=1",
                                        "a_b=2",
                                        "console=tty0",
                                        "console=ttyS0",
                                        "hugepagesz=1G",
                                        "hugepages=4",
                                        "hugepagesz=2M",
                                        "hugepages=0:3,1:4",
                                        "default_hugepagesz=1G",
                                        "dyndbg=\"file x +p\"",
                                        "$tuned_params",
                                        "\\$kernelopts",
                                        "root=UUID=ab-cd",
                                        "rd.break",
                                        "mitigations=auto,nosmt",
                                        "mitigations=nosmt,auto",
                                        "x=\"\""};
    const auto pick = [&](size_t most) {
        std::vector<std::string> some;
        for (size_t i = random() % (most + 1); i-- > 0;) some.push_back(pool[random() % pool.size()]);
        return some;
    };
    size_t edited = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string line;
        for (const auto& token : pick(8)) append(line, {std::string(random() % 3, ' '), token, " "});
        if (random() % 4 == 0) line += "-- init args";
        CmdlineWish wanted;
        std::string after;
        try {
            wanted = wish(pick(3), pick(2));
            check_wish(wanted, x86);
            after = edit_cmdline(line, wanted, x86);
        } catch (const Error&) {
            continue;
        }
        ++edited;
        INFO(line << "| -> |" << after << "|");
        REQUIRE(edit_cmdline(after, wanted, x86) == after);
        const auto names = managed_parameters(wanted);
        const auto others = [&](const std::string& text) {
            std::vector<std::string> texts;
            const auto parsed = parse_cmdline(text);
            for (const auto& token : parsed.tokens) {
                const auto one = managed_parameters({{token}, {}}).at(0);
                if (std::none_of(names.begin(), names.end(), [&](const std::string& name) {
                        return replaced(name, "-", "_") == replaced(one, "-", "_");
                    }))
                    texts.push_back(token.text);
            }
            texts.push_back(parsed.rest);
            return texts;
        };
        REQUIRE(others(after) == others(line));
        for (const auto& token : wanted.present) {
            const auto all = parse_cmdline(after).tokens;
            if (!in_huge_page_group(token))
                REQUIRE(
                    std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.is(token.name); }));
        }
    }
    CHECK(edited > 2000);
}
