// SPDX-License-Identifier: GPL-3.0-or-later
// An argument file from its bytes to the printed result, by a module that reports all that it is given.
#include <cstdlib>

#include "lib/arguments_file.hpp"
#include "lib/error.hpp"
#include "lib/module.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

struct Pool {
    std::string size = "2M";
    std::optional<long> count;
    std::vector<std::string> paths;
    json extra;

    static Parameters<Pool> parameters() {
        return Parameters<Pool>()
            .add("size", &Pool::size, {"Text."}, {.choices = {"2M", "1G"}})
            .add("count", &Pool::count, {"A number."}, {.aliases = {"pages"}, .min = 0})
            .add("paths", &Pool::paths, {"Paths."}, {.type = Type::path})
            .add("extra", &Pool::extra, {"A dictionary."}, {.type = Type::dict})
            .where({.mutually_exclusive = {{"count", "extra"}}});
    }
};

struct Echo {
    struct Params : HostParams {
        std::optional<std::string> text;
        std::optional<long> number;
        int narrow = 0;
        std::vector<std::string> words;
        std::vector<Pool> pools;
        std::optional<Pool> pool;
        json anything;

        static Parameters<Params> parameters() {
            return with(Parameters<Params>()
                            .add("text", &Params::text, {"Text."}, {.aliases = {"t"}})
                            .add("number", &Params::number, {"A number."}, {.max = 1000})
                            .add("narrow", &Params::narrow, {"An int."})
                            .add("words", &Params::words, {"Words."})
                            .add("pools", &Params::pools, {"Dictionaries."})
                            .add("pool", &Params::pool, {"A dictionary."})
                            .add("anything", &Params::anything, {"Anything."}));
        }
    };
    struct State {
        std::vector<json> values;
        Files files;
    };
    Params params;

    static Manual manual() {
        return {.name = "echo", .summary = "Report arguments", .description = {}, .examples = ""};
    }
    State read(const System& system) const { return {{}, {{"/etc/echo", system.read_if("/etc/echo")}}}; }
    State want(State is) const {
        is.values = {params.text ? json(*params.text) : json(),
                     params.number ? json(*params.number) : json(),
                     params.narrow,
                     params.words.size(),
                     params.pools.size(),
                     params.pool ? params.pool->size : ""};
        if (params.text) is.files["/etc/echo"] = *params.text;
        return is;
    }
    Fields fields(const State& state) const {
        Fields all;
        for (size_t i = 0; i < state.values.size(); ++i)
            all.push_back({Layer::runtime, "value/" + std::to_string(i), state.values[i],
                           "/sys/" + params.text.value_or("")});
        return all;
    }
    void apply(System& /*system*/, const State& /*is*/, const State& /*should*/) { abort(); }
    json facts(const State& /*state*/) const { return {{"anything", params.anything}}; }
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    json arguments;
    try {
        arguments = parse_arguments(to_text(data, size), "input");
    } catch (const Error&) {
        return 0;
    }
    if (arguments.is_object()) arguments["_ansible_check_mode"] = true;
    static const Tree empty;
    System system(empty.root());
    const auto result = call(entry<Echo>(), system, arguments);
    must(result.at("msg").is_string() && !result.at("msg").get_ref<const std::string&>().empty());
    must(result.contains("failed") || result.at("virtbp").at("fields").size() == 6);
    must(system.journal().empty() && system.list("/").empty());
    // As main() prints it: whatever came in, what goes out is JSON that says the same.
    const auto printed = result.dump(-1, ' ', true, json::error_handler_t::replace);
    for (const char c : printed)
        must(static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80);
    must(json::parse(printed).at("msg").is_string());
    return 0;
}
