// SPDX-License-Identifier: GPL-3.0-or-later
// A module for tests/ansible/differential.py alone: it manages nothing, and its parameters use every type and
// rule that arguments can have, so that acceptance is compared beyond what today's modules need.
#include "lib/module.hpp"

namespace {

using virtbp::json;
using virtbp::Type;

struct Distance {
    long to = 0;
    std::optional<std::string> label;
    std::vector<long> values;
    json extra;

    static virtbp::Parameters<Distance> parameters() {
        return {{
                    {"to", &Distance::to, {"Required."}, {.required = true, .aliases = {"target", "node"}}},
                    {"label", &Distance::label, {"A choice."}, {.choices = {"near", "far", "yes", "no"}}},
                    {"values", &Distance::values, {"Numbers."}, {.aliases = {"numbers"}}},
                    {"extra", &Distance::extra, {"A dictionary of any kind."}, {.type = Type::dict}},
                },
                {.mutually_exclusive = {{"values", "extra"}}, .required_by = {{"extra", {"label"}}}}};
    }
};

struct Cell {
    std::optional<long> id;
    std::string name = "cell";
    std::optional<bool> shared;
    std::optional<std::string> file;
    std::vector<Distance> distances;
    Distance nearest;
    std::vector<std::string> modes;

    static virtbp::Parameters<Cell> parameters() {
        return {{
                    {"id", &Cell::id, {"A number."}, {.aliases = {"number"}}},
                    {"name", &Cell::name, {"Text."}},
                    {"shared", &Cell::shared, {"A boolean."}},
                    {"file", &Cell::file, {"A path."}, {.type = Type::path}},
                    {"distances", &Cell::distances, {"Dictionaries in dictionaries."}, {.aliases = {"dist"}}},
                    {"nearest", &Cell::nearest, {"A dictionary in a dictionary."}},
                    {"modes", &Cell::modes, {"Choices."}, {.choices = {"a", "b", "1"}}},
                },
                {.mutually_exclusive = {{"distances", "nearest"}, {"id", "file"}},
                 .required_together = {{"shared", "modes"}},
                 .required_one_of = {{"id", "file", "shared"}},
                 .required_if = {{"name", "pair", {"distances", "nearest"}, true}, {"id", 7, {"modes"}}}}};
    }
};

struct Probe {
    struct Params : virtbp::HostParams {
        std::string state = "present";
        std::optional<std::string> answer;
        std::string word = "it's";
        std::optional<std::string> text;
        std::optional<long> count;
        long size = 2;
        bool flag = true;
        std::optional<bool> maybe;
        std::optional<std::string> place;
        std::string home = "~/virtbp/$VIRTBP_PROBE";
        json anything;
        json map;
        json list;
        std::vector<std::string> names;
        std::vector<std::string> paths;
        std::vector<long> numbers;
        std::vector<json> flags;
        std::vector<json> maps;
        std::vector<json> mixed;
        std::vector<std::string> colours{"red"};
        Cell cell;
        std::vector<Cell> cells;

        static virtbp::Parameters<Params> parameters() {
            return with<Params>({
                {
                    {"state", &Params::state, {"A choice."}, {.choices = {"present", "absent", "pair"}}},
                    {"answer",
                     &Params::answer,
                     {"A boolean's words."},
                     {.choices = {"yes", "on", "no", "auto"}}},
                    {"word", &Params::word, {"Text with a default."}, {.aliases = {"term"}}},
                    {"text", &Params::text, {"Text without one."}, {.aliases = {"txt", "message"}}},
                    {"count", &Params::count, {"A number."}, {.aliases = {"pages"}}},
                    {"size", &Params::size, {"A number with a default."}},
                    {"flag", &Params::flag, {"A boolean with a default."}},
                    {"maybe", &Params::maybe, {"A boolean without one."}},
                    {"place", &Params::place, {"A path."}, {.type = Type::path}},
                    {"home", &Params::home, {"A path with a default."}, {.type = Type::path}},
                    {"anything", &Params::anything, {"Any value."}},
                    {"map", &Params::map, {"Any dictionary."}, {.aliases = {"dict"}, .type = Type::dict}},
                    {"list", &Params::list, {"Any list."}, {.type = Type::list}},
                    {"names", &Params::names, {"Texts."}},
                    {"paths", &Params::paths, {"Paths."}, {.type = Type::path}},
                    {"numbers", &Params::numbers, {"Numbers."}},
                    {"flags", &Params::flags, {"Booleans."}, {.type = Type::boolean}},
                    {"maps", &Params::maps, {"Dictionaries."}, {.type = Type::dict}},
                    {"mixed", &Params::mixed, {"Any values."}},
                    {"colours", &Params::colours, {"Choices."}, {.choices = {"red", "green", "1"}}},
                    {"cell", &Params::cell, {"A dictionary with sub-options."}, {.aliases = {"box"}}},
                    {"cells", &Params::cells, {"A list of them."}, {.aliases = {"boxes"}}},
                },
                {.mutually_exclusive = {{"count", "numbers"}, {"text", "place", "anything"}},
                 .required_together = {{"names", "paths"}, {"maps", "mixed"}},
                 .required_one_of = {{"text", "count", "cell", "cells"}, {"size", "flag"}},
                 .required_if = {{"state", "pair", {"names", "map"}},
                                 {"maybe", true, {"flags", "list"}, true},
                                 {"count", 1, {"maybe"}}},
                 .required_by = {{"place", {"names"}}, {"answer", {"text", "maybe"}}}},
            });
        }
    };
    struct State {};
    Params params;

    static virtbp::Manual manual() {
        return {.name = "probe",
                .summary = "Accept arguments and do nothing",
                .description = {"For the tests of acceptance."},
                .examples = "- virtbp.core.probe:\n    count: 1\n"};
    }
    State read(const virtbp::System& /*system*/) const { return {}; }
    State want(State is) const { return is; }
    virtbp::Fields fields(const State& /*state*/) const { return {}; }
    void apply(virtbp::System& /*system*/, const State& /*is*/, const State& /*should*/) {}
};

}  // namespace

virtbp::Entry virtbp::module() { return entry<Probe>(); }
