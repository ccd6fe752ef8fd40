// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/menu_lst.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    const auto menu = parse_menu_lst(text);
    must(!menu.default_title || *menu.default_title < menu.titles.size());

    size_t lines = 0;
    for (size_t i = 0; i < menu.titles.size() && lines < 50; ++i)
        for (size_t j = 0; j < menu.titles[i].lines.size() && ++lines < 50; ++j) {
            const auto& line = menu.titles[i].lines[j];
            if (line.file.ends_with('\\')) continue;  // without arguments it would go on in the next line
            for (const std::string wanted : {"root=/dev/a quiet", ""}) {
                const auto with = set_menu_lst_arguments(text, {{line.line, wanted}});
                must(set_menu_lst_arguments(with, {{line.line, wanted}}) == with);
                const auto changed = parse_menu_lst(with);
                must(changed.titles.size() == menu.titles.size() &&
                     changed.default_title == menu.default_title);
                for (size_t other = 0; other < menu.titles[i].lines.size(); ++other) {
                    const auto& before = menu.titles[i].lines[other];
                    const auto& after = changed.titles[i].lines.at(other);
                    must(after.file == before.file && after.loads == before.loads);
                    must(after.arguments == (other == j ? wanted : before.arguments));
                }
            }
            must(set_menu_lst_arguments(text, {{line.line, line.arguments}}) == text);
        }
    may_refuse([&text] { set_menu_lst_arguments(text, {{1, "a"}}); });
    return 0;
}
