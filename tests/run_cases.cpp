// SPDX-License-Identifier: GPL-3.0-or-later
// Runs cases against a module: one YAML file a case (tests/README.md tells the keys), each of them run
//   - in check mode: the tree stays as it is to the inode, nothing stands in the journal;
//   - for real: changed, message, fields, journal, files and result as the case says;
//   - again, and in check mode again: nothing is changed;
// and what the first check run predicted must be what happened. All of it on both ways of resolving paths.
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "lib/error.hpp"
#include "lib/module.hpp"

namespace fs = std::filesystem;
using virtbp::json;

namespace {

std::vector<std::string> problems;

void expect(bool fine, const std::string& what) {
    if (!fine) problems.push_back(what);
}

template <class T>
void expect_equal(const T& found, const T& wanted, const std::string& what) {
    std::ostringstream text;
    text << what << ": wanted " << wanted << "\n      found " << found;
    expect(found == wanted, text.str());
}

json to_json(const YAML::Node& node) {
    if (node.IsMap()) {
        json object = json::object();
        for (const auto& pair : node) object[pair.first.as<std::string>()] = to_json(pair.second);
        return object;
    }
    if (node.IsSequence()) {
        json list = json::array();
        for (const auto& item : node) list.push_back(to_json(item));
        return list;
    }
    if (!node.IsScalar()) return nullptr;
    const bool quoted = node.Tag() == "!";
    if (long number = 0; !quoted && YAML::convert<long>::decode(node, number)) return number;
    if (bool flag = false; !quoted && YAML::convert<bool>::decode(node, flag)) return flag;
    if (double number = 0; !quoted && YAML::convert<double>::decode(node, number)) return number;
    return node.as<std::string>();
}

/// Object keys that `wanted` names have its values in `found`, at every depth; lists are compared item by
/// item.
bool contains(const json& found, const json& wanted) {
    if (wanted.is_object()) {
        if (!found.is_object()) return false;
        for (const auto& [key, value] : wanted.items())
            if (!found.contains(key) || !contains(found.at(key), value)) return false;
        return true;
    }
    if (wanted.is_array()) {
        if (!found.is_array() || found.size() != wanted.size()) return false;
        for (size_t i = 0; i < wanted.size(); ++i)
            if (!contains(found[i], wanted[i])) return false;
        return true;
    }
    return found == wanted;
}

std::string text_in(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A fake machine in a folder of its own, removed at the end.
class Tree {
public:
    Tree(const YAML::Node& root, const fs::path& machines) {
        std::string name = fs::temp_directory_path() / "virtbp-case-XXXXXX";
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
        folder_ = name;
        if (root["from"])
            fs::copy(machines / root["from"].as<std::string>(), folder_,
                     fs::copy_options::recursive | fs::copy_options::copy_symlinks);
        for (const auto& entry : root)
            if (const auto path = entry.first.as<std::string>(); path != "from") put(path, entry.second);
    }
    ~Tree() { fs::remove_all(folder_); }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    std::string path() const { return folder_; }
    fs::path at(const std::string& path) const { return folder_ / path.substr(1); }

    void put(const std::string& path, const YAML::Node& what) const {
        const auto target = at(path);
        fs::create_directories(target.parent_path());
        if (what.IsScalar()) {
            std::ofstream(target, std::ios::binary) << what.as<std::string>();
        } else if (what.IsMap() && what["link"]) {
            fs::create_symlink(what["link"].as<std::string>(), target);
        } else if (what.IsMap() && what["missing"]) {
            fs::remove_all(target);
        } else if (what.IsMap() && what["fifo"]) {
            if (mkfifo(target.c_str(), 0600) != 0) throw std::runtime_error("cannot make " + target.string());
        } else {
            fs::create_directories(target);
        }
    }

    /// Everything that a change would leave a trace in.
    std::string fingerprint() const {
        std::set<std::string> all;
        for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
            struct stat status{};
            lstat(entry.path().c_str(), &status);
            std::ostringstream line;
            line << entry.path() << ' ' << status.st_ino << ' ' << status.st_mode << ' '
                 << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec;
            all.insert(line.str());
        }
        std::ostringstream text;
        for (const auto& line : all) text << line << '\n';
        return text.str();
    }

private:
    fs::path folder_;
};

const std::map<std::string, int> errno_names{{"EINVAL", EINVAL}, {"EBUSY", EBUSY}, {"EIO", EIO},
                                             {"ENOSPC", ENOSPC}, {"EPERM", EPERM}, {"ENOMEM", ENOMEM},
                                             {"EACCES", EACCES}};

/// The kernel's part, as the case tells it: which text a write leaves, what else it changes, or how it fails.
virtbp::System::Kernel kernel_of(const YAML::Node& rules, const Tree& tree) {
    return [rules, &tree](const std::string& path, std::string& text) {
        const auto found = rules[path];
        if (!found) return 0;
        const auto apply = [&](const YAML::Node& rule) {
            const auto written = text.substr(0, text.find_last_not_of('\n') + 1);
            if (rule["when"] && rule["when"].as<std::string>() != written) return 0;
            if (rule["errno"]) return errno_names.at(rule["errno"].as<std::string>());
            for (const auto& other : rule["sets"]) tree.put(other.first.as<std::string>(), other.second);
            if (rule["reads"]) text = rule["reads"].as<std::string>();
            return 0;
        };
        if (!found.IsSequence()) return apply(found);
        for (const auto& rule : found)
            if (const int number = apply(rule)) return number;
        return 0;
    };
}

struct Outcome {
    json result;
    std::vector<std::string> journal;
};

Outcome call(const virtbp::Entry& entry, const Tree& tree, const YAML::Node& rules, json arguments,
             bool check, virtbp::Resolution resolution) {
    arguments["_ansible_check_mode"] = check;
    virtbp::System system(tree.path(), resolution);
    system.play_kernel(kernel_of(rules, tree));
    Outcome outcome{virtbp::call(entry, system, arguments), {}};
    for (const auto& change : system.journal()) {
        auto line = change.verb + " " + change.path;
        if (change.verb == "write" || change.verb == "link")
            line += " " + change.text.substr(0, change.text.find_last_not_of('\n') + 1);
        outcome.journal.push_back(line);
    }
    return outcome;
}

std::string listed(const std::vector<std::string>& lines) { return json(lines).dump(); }

void check_fields(const json& result, const json& wanted) {
    const auto fields = result.value("virtbp", json::object()).value("fields", json::array());
    for (const auto& field : wanted) {
        const auto found = std::find_if(fields.begin(), fields.end(), [&](const json& candidate) {
            return candidate.at("name") == field.at("name") && candidate.at("layer") == field.at("layer");
        });
        expect(found != fields.end() && contains(*found, field),
               "field wanted " + field.dump() + "\n      found " +
                   (found == fields.end() ? fields : *found).dump());
    }
}

void run_case(const virtbp::Entry& entry, const fs::path& file, const YAML::Node& given,
              virtbp::Resolution resolution) {
    static const std::set<std::string> known{
        "about",  "args",    "root",  "kernel", "changed",  "msg",           "refused", "fails",
        "fields", "journal", "after", "result", "warnings", "unpredictable", "retries", "reboot_required"};
    for (const auto& key : given)
        expect(known.contains(key.first.as<std::string>()), "unknown key " + key.first.as<std::string>());
    const Tree tree(given["root"] ? given["root"] : YAML::Node(YAML::NodeType::Map),
                    file.parent_path() / "../../machines");
    const auto rules = given["kernel"] ? given["kernel"] : YAML::Node(YAML::NodeType::Map);
    const auto arguments = given["args"] ? to_json(given["args"]) : json::object();
    const bool refused = static_cast<bool>(given["refused"]), fails = static_cast<bool>(given["fails"]);
    const auto before = tree.fingerprint();

    const auto predicted = call(entry, tree, rules, arguments, true, resolution);
    expect(tree.fingerprint() == before, "check mode changed the tree");
    expect(predicted.journal.empty(), "check mode has a journal: " + listed(predicted.journal));
    expect_equal(predicted.result.contains("failed"), refused,
                 "check mode failed: " + predicted.result.value("msg", ""));

    const auto real = call(entry, tree, rules, arguments, false, resolution);
    expect_equal(real.result.contains("failed"), refused || fails, "failed: " + real.result.value("msg", ""));
    if (refused) {
        expect_equal(real.result.at("msg").get<std::string>(), given["refused"].as<std::string>(), "refused");
        expect_equal(predicted.result.at("msg").get<std::string>(), given["refused"].as<std::string>(),
                     "refused in check mode");
        expect(tree.fingerprint() == before, "a refused run changed the tree");
        return;
    }
    if (fails)
        expect_equal(real.result.at("msg").get<std::string>(), given["fails"].as<std::string>(), "fails");
    if (given["msg"])
        expect_equal(real.result.at("msg").get<std::string>(), given["msg"].as<std::string>(), "msg");
    expect(static_cast<bool>(given["changed"]), "the case does not say whether it is changed");
    expect_equal(real.result.at("changed").get<bool>(), given["changed"].as<bool>(), "changed");
    if (given["fields"]) check_fields(real.result, to_json(given["fields"]));
    if (given["journal"]) expect_equal(listed(real.journal), to_json(given["journal"]).dump(), "journal");
    if (given["result"]) {
        const auto wanted = to_json(given["result"]);
        expect(contains(real.result, wanted),
               "result wanted " + wanted.dump() + "\n      found " + real.result.dump());
    }
    if (given["warnings"])
        expect_equal(real.result.at("warnings").dump(), to_json(given["warnings"]).dump(), "warnings");
    if (given["reboot_required"])
        expect_equal(real.result.at("reboot_required").get<bool>(), given["reboot_required"].as<bool>(),
                     "reboot_required");
    for (const auto& expected : given["after"]) {
        const auto path = tree.at(expected.first.as<std::string>());
        if (expected.second.IsNull())
            expect(!fs::exists(fs::symlink_status(path)), path.string() + " is there");
        else if (expected.second.IsMap())
            expect_equal(fs::read_symlink(path).string(), expected.second["link"].as<std::string>(),
                         path.string());
        else expect_equal(text_in(path), expected.second.as<std::string>(), path.string());
    }
    if (!given["unpredictable"]) {
        expect_equal(predicted.result.at("changed").get<bool>(), real.result.at("changed").get<bool>(),
                     "predicted changed");
        expect_equal(predicted.result.at("diff").dump(), real.result.at("diff").dump(), "predicted diff");
    }

    const auto again = call(entry, tree, rules, arguments, false, resolution);
    expect_equal(again.result.at("changed").get<bool>(), false, "changed again");
    if (!given["retries"]) {
        expect(again.journal.empty(), "the second run has a journal: " + listed(again.journal));
        const auto still = tree.fingerprint();
        const auto at_last = call(entry, tree, rules, arguments, true, resolution);
        expect_equal(at_last.result.at("changed").get<bool>(), false, "changed in a check run after it");
        expect(tree.fingerprint() == still, "the last check run changed the tree");
    }
}

bool run_file(const virtbp::Entry& entry, const fs::path& file) {
    problems.clear();
    for (const auto resolution : {virtbp::Resolution::by_kernel, virtbp::Resolution::by_hand}) {
        try {
            run_case(entry, file, YAML::LoadFile(file), resolution);
        } catch (const std::exception& error) {
            problems.emplace_back(error.what());
        }
    }
    std::cout << (problems.empty() ? "passed " : "FAILED ") << file.stem().string() << '\n';
    for (const auto& problem : problems) std::cout << "    " << problem << '\n';
    return problems.empty();
}

}  // namespace

int main(int count, char** values) {
    std::set<fs::path> files;
    for (int i = 1; i < count; ++i) {
        if (!fs::is_directory(values[i])) files.insert(values[i]);
        else
            for (const auto& entry : fs::directory_iterator(values[i]))
                if (entry.path().extension() == ".yml") files.insert(entry.path());
    }
    const auto entry = virtbp::module();
    int failed = 0;
    for (const auto& file : files) failed += run_file(entry, file) ? 0 : 1;
    std::cout << static_cast<int>(files.size()) - failed << " passed, " << failed << " failed\n";
    return failed == 0 && !files.empty() ? 0 : 1;
}
