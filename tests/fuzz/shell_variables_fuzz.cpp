// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/shell_variables.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

std::string read(const std::vector<ConfigFile>& files, const std::string& name) {
    try {
        return "holds " + shell_value(files, name).text;
    } catch (const Error&) {
        return "is not known";
    }
}

}  // namespace

/// The first line is the value, a form feed at the begin of a line parts the second file from the first one.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string name = "X";
    const auto parts = first_line(to_text(data, size));
    const auto &value = parts.first, &text = parts.second;
    const auto end = text.find("\n\f");
    std::vector<ConfigFile> files{{"a", text.substr(0, end == std::string::npos ? end : end + 1)}};
    if (end != std::string::npos) files.push_back({"b", text.substr(end + 2)});

    may_refuse([&] {
        const auto before = read(files, "Y");
        const auto is = shell_value(files, name);
        must(is.path.empty() == (is.line == 0));
        const auto changed = set_shell_value(files, name, value, "a");
        must(changed.empty() == (is.text == value));
        for (auto& file : files)
            if (const auto found = changed.find(file.path); found != changed.end()) file.text = found->second;
        must(shell_value(files, name).text == value);
        must(set_shell_value(files, name, value, "a").empty());
        if (text.find('$') == std::string::npos) must(read(files, "Y") == before);
    });
    return 0;
}
