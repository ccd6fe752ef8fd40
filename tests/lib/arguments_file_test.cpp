// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/arguments_file.hpp"

#include <sys/stat.h>

#include <thread>

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/child.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;
using Catch::Contains;

TEST_CASE("the argument file is one JSON value") {
    const Tree tree;
    tree.file("/args", " {\"a\": [1, \"\\u00e9\"]}\n");
    CHECK(read_arguments(tree.root() + "/args") == json::parse(R"({"a": [1, "é"]})"));
    CHECK(parse_arguments("5", "x") == 5);
}

TEST_CASE("what is no JSON is refused in a short message that names the file") {
    for (const auto& text : {std::string(), std::string("{"), std::string("{} x"), std::string("\"\xff\""),
                             std::string("\"\\ud800\""), std::string("nan"), std::string("{\"a\":1}\0", 8),
                             std::string("\xef\xbb\xbf"), '"' + std::string(1'000'000, 'x')}) {
        std::string message;
        try {
            parse_arguments(text, "FILE");
        } catch (const Error& error) {
            message = error.what();
        }
        CHECK_THAT(message, Catch::StartsWith("the arguments in FILE are not JSON: "));
        CHECK(message.size() < 300);
    }
}

TEST_CASE("nesting is bounded before anything recurses") {
    CHECK(parse_arguments(std::string(60, '[') + std::string(60, ']'), "x").is_array());
    for (const auto* open : {"[", "{\"a\":"}) {
        std::string text;
        for (int i = 0; i < 100'000; ++i) text += open;
        CHECK_THROWS_WITH(parse_arguments(text, "x"), Contains("nested deeper than"));
    }
}

TEST_CASE("what cannot be read is named") {
    const Tree tree;
    CHECK_THROWS_WITH(
        read_arguments(tree.root() + "/missing"),
        "cannot read the arguments in " + tree.root() + "/missing: No such file or directory (ENOENT)");
    CHECK_THROWS_WITH(read_arguments(tree.root()), Contains("Is a directory (EISDIR)"));
    CHECK_THROWS_WITH(read_arguments(""), Contains("(ENOENT)"));
}

TEST_CASE("a file without end is not read to the end") {
    const Deadline deadline;
    CHECK_THROWS_WITH(read_arguments("/dev/zero"),
                      "the arguments in /dev/zero are larger than 16777216 bytes");
}

TEST_CASE("a FIFO gives what its writer wrote, and nothing where there is none") {
    const Deadline deadline;
    const Tree tree;
    const auto fifo = tree.root() + "/fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    CHECK_THROWS_WITH(read_arguments(fifo), Contains("are not JSON"));
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    std::thread writer([&ends] {
        usleep(50'000);
        CHECK(write(ends[1], "{}", 2) == 2);
        close(ends[1]);
    });
    CHECK(read_arguments("/dev/fd/" + std::to_string(ends[0])) == json::object());
    writer.join();
    close(ends[0]);
}
