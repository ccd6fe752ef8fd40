// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments as JSON, or a text given to every option.
#include "lib/arguments.hpp"

#include "lib/error.hpp"
#include "lib/formats/json_text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

const Spec inner{{{.name = "count", .type = Type::integer, .aliases = {"pages"}},
                  {.name = "word", .choices = {"yes", "no", "auto"}},
                  {.name = "path", .type = Type::path},
                  {.name = "numbers", .type = Type::list, .elements = Type::integer},
                  {.name = "flag", .type = Type::boolean, .default_value = true}},
                 {.mutually_exclusive = {{"count", "path"}}, .required_if = {{"flag", false, {"word"}}}}};
const Spec outer{{{.name = "text", .default_value = "it's"},
                  {.name = "raw", .type = Type::raw},
                  {.name = "map", .type = Type::dict},
                  {.name = "one", .type = Type::dict, .aliases = {"uno"}, .suboptions = inner},
                  {.name = "many", .type = Type::list, .elements = Type::dict, .suboptions = inner}}};

void check(const Spec& spec, const json& arguments) {
    try {
        must(accept(spec, "virtbp.core.fuzz", arguments).params.size() == spec.options.size());
    } catch (const Error&) {}
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    try {
        const auto arguments = parse_json(text);
        check(outer, arguments);
        check(inner, arguments);
    } catch (const Error&) {}
    for (const auto* spec : {&outer, &inner})
        for (const auto& option : spec->options) check(*spec, {{option.name, text}});
    return 0;
}
