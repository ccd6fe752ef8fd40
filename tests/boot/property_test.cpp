// SPDX-License-Identifier: GPL-3.0-or-later
// The module grub_cmdline on generated files of /etc/default/grub and generated wishes: what is wanted is
// there, all else is where it was, check mode foretells and a second run has nothing to do. What the files
// mean is what shell_value() says, which other tests hold against real shells.
#include <filesystem>
#include <fstream>
#include <map>

#include "lib/formats/cmdline_edit.hpp"
#include "lib/module.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/formats/shell_generator.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

constexpr size_t rounds = 400;
const HugePageSupport support{{}, 2L << 20U, {0}};

std::map<std::string, std::string> files_of(const Tree& tree) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(tree.root())) {
        std::ifstream file(entry.path(), std::ios::binary);
        if (entry.is_regular_file())
            files[entry.path().string().substr(tree.root().size())] = {std::istreambuf_iterator<char>(file),
                                                                       {}};
    }
    return files;
}

std::vector<ConfigFile> shell_files(const std::map<std::string, std::string>& files) {
    std::vector<ConfigFile> ordered{{"/etc/default/grub", files.at("/etc/default/grub")}};
    for (const auto& [path, text] : files)
        if (path.starts_with("/etc/default/grub.d/")) ordered.push_back({path, text});
    return ordered;
}

std::string line_of(const std::map<std::string, std::string>& files) {
    const auto all = shell_files(files);
    return concat({shell_value(all, "GRUB_CMDLINE_LINUX").text, " ", shell_value(all, generated::name).text});
}

class Wishes {
public:
    explicit Wishes(unsigned seed) : random_(seed) {}

    json make() {
        json arguments = json::object();
        json present = json::array(), absent = json::array();
        if (random_() % 3 == 0)
            for (const auto* token : {"hugepagesz=1G", "hugepages=2", "hugepagesz=2M", "hugepages=64"})
                present.push_back(token);
        for (size_t i = 1 + random_() % 3; i > 0; --i) present.push_back(one_of(present_));
        if (random_() % 3 == 0) absent.push_back(one_of(absent_));
        return {{"present", present}, {"absent", absent}};
    }

private:
    std::string one_of(const std::vector<std::string>& list) { return list[random_() % list.size()]; }

    std::mt19937 random_;
    const std::vector<std::string> present_{"quiet",
                                            "intel_iommu=on",
                                            "console=tty0",
                                            "console=ttyS0,115200n8",
                                            "mitigations=auto,nosmt",
                                            "dyndbg=file a.c +p",
                                            "isolcpus=2-7",
                                            "root=LABEL=b",
                                            "kvm-intel.ple_gap=0"},
        absent_{"splash", "crashkernel", "v", "isolcpus", "console=ttyS1", "hugepages"};
};

json run(const Tree& tree, json arguments, bool check) {
    arguments["_ansible_check_mode"] = check;
    System system(tree.root());
    return call(module(), system, arguments);
}

/// Names of parameters that a call manages.
std::vector<std::string> managed(const json& arguments) {
    CmdlineWish wish;
    for (const auto& text : arguments.at("present"))
        wish.present.push_back(parse_parameter(text.get<std::string>()));
    for (const auto& text : arguments.at("absent"))
        wish.absent.push_back(parse_parameter(text.get<std::string>()));
    return managed_parameters(wish);
}

/// The tokens of the line that the call says nothing about.
std::vector<std::string> others(const std::string& line, const std::vector<std::string>& names) {
    std::vector<std::string> texts;
    for (const auto& token : parse_cmdline(line).tokens) {
        const auto own = managed_parameters({{token}, {}}).at(0);
        const bool is_managed = std::any_of(names.begin(), names.end(), [&own](const std::string& name) {
            return replaced(own, "-", "_") == replaced(name, "-", "_");
        });
        if (!is_managed) texts.push_back(token.text);
    }
    return texts;
}

void check_wanted(const std::string& line, const json& arguments) {
    std::vector<std::string> group;
    const auto parsed = parse_cmdline(line);
    for (const auto& text : arguments.at("present")) {
        const auto token = parse_parameter(text.get<std::string>());
        if (in_huge_page_group(token)) group.push_back(token.text);
        else
            CHECK(std::any_of(parsed.tokens.begin(), parsed.tokens.end(), [&token](const CmdlineToken& one) {
                return one.is(token.name) && one.value == token.value;
            }));
    }
    if (!group.empty())
        CHECK(cmdline_value(parsed, "hugepages", support) ==
              cmdline_value(parse_cmdline(join(group, " ")), "hugepages", support));
}

}  // namespace

TEST_CASE("generated files and wishes") {
    generated::Generator generator(21);
    Wishes wishes(20);
    size_t changed = 0, refused = 0;
    for (size_t round = 0; round < rounds; ++round) {
        const Tree tree;
        const auto made = generator.make();
        for (size_t i = 0; i < made.before.size(); ++i)
            tree.file(i == 0 ? "/etc/default/grub" : concat({"/etc/default/grub.d/", made.before[i].path}),
                      made.before[i].text);
        tree.file("/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda1 quiet\n");
        const auto arguments = wishes.make();
        const auto before = files_of(tree);
        INFO("round " << round << ", " << arguments.dump());

        const auto foretold = run(tree, arguments, true);
        REQUIRE(files_of(tree) == before);
        const auto result = run(tree, arguments, false);
        const auto after = files_of(tree);
        CAPTURE(result);
        if (result.contains("failed") && foretold.contains("failed")) {
            CHECK(after == before);
            CHECK(foretold.at("msg") == result.at("msg"));
            ++refused;
            continue;
        }
        // What another variable of the same line overrides is written, and told.
        const bool overridden = result.at("virtbp").at("status") == "overridden";
        CHECK(result.contains("failed") == overridden);
        CHECK(foretold.at("changed") == result.at("changed"));
        CHECK(foretold.at("diff") == result.at("diff"));
        if (result.at("changed") == true) ++changed;

        const auto again = run(tree, arguments, false);
        CHECK(again.at("changed") == false);
        CHECK(files_of(tree) == after);
        if (!overridden) check_wanted(line_of(after), arguments);
        const auto names = managed(arguments);
        CHECK(others(line_of(after), names) == others(line_of(before), names));
        for (const auto& variable : {generated::plain[0], generated::plain[1], generated::plain[2]})
            CHECK(shell_value(shell_files(after), variable).text ==
                  shell_value(shell_files(before), variable).text);
    }
    CHECK(changed > rounds / 2);
    CHECK(refused < rounds / 2);
}
