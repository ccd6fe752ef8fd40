// SPDX-License-Identifier: GPL-3.0-or-later
// Makes files like /etc/default/grub and its drop-ins, the same ones in every run.
#pragma once

#include <array>
#include <cctype>
#include <random>
#include <string>
#include <vector>

#include "lib/formats/shell_variables.hpp"
#include "lib/text.hpp"

namespace generated {

inline const std::string name = "GRUB_CMDLINE_LINUX_DEFAULT";
/// Those that are assigned plainly and referred to, those whose value nobody need know, and one never set.
inline const std::array<std::string, 3> plain{"GRUB_TIMEOUT", "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_XEN"};
inline const std::array<std::string, 3> opaque{"GRUB_DISTRIBUTOR", "GRUB_THEME", "GRUB_TERMINAL"};
inline const std::string unset = "GRUB_BADRAM";

/// Whole lines of a file.
struct Part {
    std::string text;
    bool of_name = false;
};

struct Case {
    std::vector<std::vector<Part>> parts;  ///< of each file
    bool only_bash = false;                ///< has +=, which dash takes for a command
    std::string wanted;
    std::vector<virtbp::ConfigFile> before, after;
};

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    Case make() {
        Case made;
        const auto files = chance(30) ? 1 + below(3) : 1;
        for (size_t i = 0; i < files; ++i) made.parts.push_back(file(made));
        for (size_t i = 0; i < files; ++i) {
            std::string text;
            for (const auto& part : made.parts[i]) text += part.text;
            made.before.push_back({std::to_string(i) + ".cfg", text});
        }
        made.wanted = wanted(virtbp::shell_value(made.before, name).text);
        return made;
    }

private:
    size_t below(size_t end) { return random_() % end; }
    bool chance(size_t percent) { return below(100) < percent; }
    template <class List>
    auto one_of(const List& list) {
        return list[below(list.size())];
    }

    std::string token() {
        static const std::vector<std::string> tokens = {"quiet",
                                                        "splash=silent",
                                                        "hugepagesz=1G",
                                                        "hugepages=0:4,1:4",
                                                        "console=ttyS0,115200n8",
                                                        "$tuned_params",
                                                        "isolcpus=nohz,domain,2-7",
                                                        "dyndbg=\"file drivers/usb/* +p\"",
                                                        "a\\b",
                                                        "it's",
                                                        "x=`y`",
                                                        "root=LABEL=a#b",
                                                        "#c",
                                                        "p=~",
                                                        "q=a;b&c",
                                                        "r={1,2}",
                                                        "${s}",
                                                        "t=$(u)",
                                                        "v=*[!w]?",
                                                        "crashkernel=1G-:256M",
                                                        "\\",
                                                        "\"",
                                                        "$",
                                                        "é"};
        return one_of(tokens);
    }
    std::string tokens() {
        std::string all;
        for (size_t i = below(5); i > 0; --i) all += token() + (i > 1 ? " " : "");
        return all;
    }
    std::string wanted(const std::string& is) {
        auto text = tokens();
        if (is.find_first_of("\n\r") != std::string::npos) return text;
        if (chance(30)) return is + " " + text;
        if (chance(10)) return is;
        return chance(30) ? is.substr(0, is.rfind(' ')) : text;
    }

    /// In double quotes all that means something is escaped; what means nothing, sometimes.
    std::string escaped(const std::string& text) {
        std::string all;
        for (const char c : text) {
            if (std::string("\"\\$`").find(c) != std::string::npos) all += '\\';
            if (c == ' ' && chance(10)) all += "\\\n";
            if (c == 'q' && chance(10)) all += '\\';
            all += c;
        }
        return all;
    }
    std::string reference() {
        const auto other = chance(80) ? one_of(plain) : unset;
        switch (below(6)) {
            case 0: return "$" + other + " ";
            case 1: return "${" + other + "}";
            case 2: return "${" + other + ":+$" + other + " }";
            case 3: return "${" + other + ":-it is}";
            case 4: return "${" + other + ":-${" + one_of(plain) + ":+a\\}\\\"b}}";
            default: return "${" + other + ":+\\$x ${" + unset + "}y}";
        }
    }
    std::string piece(bool refers, bool exported) {
        switch (below(refers ? 6 : 4)) {
            case 0: return "\"" + escaped(tokens()) + "\"";
            case 1: return "'" + virtbp::replaced(tokens(), "'", "\\") + (chance(5) ? "\\\n" : "") + "'";
            case 2: {
                std::string bare;
                for (const char c : token())
                    bare += (isalnum(static_cast<unsigned char>(c)) != 0 ? "" : "\\") + std::string(1, c);
                return bare;
            }
            case 3: return chance(50) ? "\"\"" : "quiet=1";
            case 4: return "\"" + escaped(tokens()) + reference() + escaped(tokens()) + "\"";
            default: return exported ? "a" : "a${" + one_of(plain) + "}${" + unset + ":-'b c'\\}}";
        }
    }
    std::string right(bool refers, bool exported) {
        std::string all;
        for (size_t i = chance(70) ? 1 : below(4); i > 0; --i) all += piece(refers, exported);
        return all;
    }

    Part assignment(const std::string& to, Case& made) {
        std::string line(chance(10) ? below(4) : 0, ' ');
        const bool exported = chance(10), mine = to == name;
        if (exported) line += "export ";
        const bool appends = chance(mine ? 15 : 3);
        made.only_bash = made.only_bash || appends;
        line += to + (appends ? "+=" : "=");
        if (mine && !appends && chance(25))
            line += one_of(std::vector<std::string>{"\"$" + to + " ", "\"${" + to + "} ",
                                                    "\"${" + to + ":+$" + to + " }"}) +
                    escaped(tokens()) + "\"";
        // Others refer to each other, or an edit of this one would change them.
        else line += right(true, exported);
        if (chance(5)) line = "GRUB_TIMEOUT=5; " + line;
        if (chance(10)) line += " # it's a \"comment\" \\";
        return {line + "\n", mine};
    }
    std::string other_line() {
        static const std::vector<std::string> lines = {
            "# GRUB_CMDLINE_LINUX_DEFAULT=\"none\"\n",
            "\n",
            "   \n",
            "# don't\n",
            "unset GRUB_THEME\n",
            "GRUB_DISTRIBUTOR=`echo Debian 2>/dev/null || echo \"it's\"`\n",
            "echo GRUB_CMDLINE_LINUX_DEFAULT=none\n",
            "GRUB_DISTRIBUTOR=\"$(case a in a) echo ')'; esac # isn't it\n)\"\n",
            "export GRUB_CMDLINE_LINUX_DEFAULT\n",
            "if [ \"$GRUB_TIMEOUT\" = 5 ]; then\n    GRUB_THEME=a\nelse GRUB_THEME=b\nfi\n",
            "set_theme() {\n    GRUB_THEME=\"$1\"\n}\n",
            "for GRUB_TERMINAL in a b; do :; done\n",
            "case $GRUB_TIMEOUT in\n    1 | 2) GRUB_THEME=c ;;\n    (*) GRUB_THEME=d\nesac\n",
            "[ -n \"$GRUB_CMDLINE_XEN\" ] && GRUB_TERMINAL=serial\n",
            ": ${GRUB_TERMINAL:=console}\n",
            "(GRUB_THEME=; cd /) && GRUB_TERMINAL=gfxterm\n",
            "GRUB_THEME=$((1 + 2))\n",
            "export -p >/dev/null\n",
            "GRUB_THEME=${GRUB_TIMEOUT%5}\"${GRUB_THEME#'\"'}\"\n"};
        return one_of(lines);
    }
    std::vector<Part> file(Case& made) {
        const bool returns = chance(8);  // lines that end with \r\n
        std::vector<Part> parts;
        for (size_t i = 2 + below(8); i > 0; --i) {
            const auto what = below(10);
            if (what < 4) parts.push_back(assignment(name, made));
            else if (what < 7) parts.push_back(assignment(one_of(plain), made));
            else if (returns) parts.push_back({"# comment\n"});
            else parts.push_back({other_line()});
        }
        if (returns)
            for (auto& part : parts) part.text = virtbp::replaced(part.text, "\n", "\r\n");
        if (!parts.empty() && chance(10)) parts.back().text.pop_back();
        return parts;
    }

    std::mt19937 random_;
};

}  // namespace generated
