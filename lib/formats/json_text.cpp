// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/json_text.hpp"

#include <map>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// Takes the parser's events (nlohmann's SAX interface) and keeps what is open in a list of its own.
class Tree {
public:
    bool null() { return put(nullptr); }
    bool boolean(bool value) { return put(value); }
    bool number_integer(json::number_integer_t value) { return put(value); }
    bool number_unsigned(json::number_unsigned_t value) { return put(value); }
    bool number_float(json::number_float_t value, const std::string& text) {
        return text.find_first_of(".eE") == std::string::npos ? put(text) : put(value);
    }
    bool string(std::string& value) { return put(std::move(value)); }
    bool binary(json::binary_t& /*value*/) { return false; }  // not in JSON's text

    bool start_object(size_t /*size*/) { return open(true); }
    bool key(std::string& name) {
        open_.back().key = std::move(name);
        return true;
    }
    bool end_object() { return close(object_of(std::move(open_.back().members))); }
    bool start_array(size_t /*size*/) { return open(false); }
    bool end_array() { return close(std::move(open_.back().elements)); }

    bool parse_error(size_t /*position*/, const std::string& /*token*/, const json::exception& error) {
        throw Error(error.what());
    }

    json take() { return std::move(root_); }

private:
    struct Open {
        bool is_object;
        std::string key = {};
        std::vector<std::pair<std::string, json>> members = {};
        json elements = json::array();
    };

    bool open(bool is_object) {
        if (open_.size() == most_levels)
            throw Error(concat({"nested deeper than ", std::to_string(most_levels), " levels"}));
        open_.push_back({is_object});
        return true;
    }

    bool close(json value) {
        open_.pop_back();
        return put(std::move(value));
    }

    bool put(json value) {
        if (open_.empty()) root_ = std::move(value);
        else if (open_.back().is_object)
            open_.back().members.emplace_back(std::move(open_.back().key), std::move(value));
        else open_.back().elements.push_back(std::move(value));
        return true;
    }

    std::vector<Open> open_;
    json root_;
};

}  // namespace

json parse_json(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        throw Error("there is a NUL byte");  // an end to the parser
    Tree tree;
    json::sax_parse(text, &tree);
    return tree.take();
}

json object_of(std::vector<std::pair<std::string, json>> members) {
    json object = json::object();
    auto& list = object.get_ref<json::object_t&>();
    list.reserve(members.size());
    std::map<std::string_view, std::ptrdiff_t> places;
    for (auto& [key, value] : members) {
        const auto [place, is_new] = places.try_emplace(key, std::ssize(list));
        if (is_new) list.emplace_back(key, std::move(value));
        else (list.begin() + place->second)->second = std::move(value);
    }
    return object;
}

}  // namespace virtbp
