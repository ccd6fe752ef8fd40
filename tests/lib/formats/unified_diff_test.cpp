// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/unified_diff.hpp"

#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "lib/system.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/patch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

std::string diff(const std::string& before, const std::string& after) {
    return unified_diff(before, after, "a", "b");
}

/// What diff(1) says, with our head.
std::string real_diff(const std::string& before, const std::string& after) {
    const Tree tree;
    tree.file("/a", before);
    tree.file("/b", after);
    const auto told = System().query({"diff", "-U3", tree.root() + "/a", tree.root() + "/b"});
    const auto text = told ? told->out : "diff is not installed";
    const auto hunks = text.find("\n@@ ");
    return hunks == std::string::npos ? text : concat({"--- a\n+++ b", text.substr(hunks)});
}

using Random = std::mt19937;

size_t below(Random& random, size_t limit) { return random() % limit; }

/// Few different lines, so that many equal ones stand near each other.
std::vector<std::string> some_lines(Random& random, size_t most, size_t different) {
    std::vector<std::string> all(below(random, most + 1));
    for (auto& line : all) line = concat({"line ", std::to_string(below(random, different)), "\n"});
    return all;
}

std::string text_of(Random& random, const std::vector<std::string>& all) {
    auto text = join(all, "");
    if (!text.empty() && below(random, 5) == 0) text.pop_back();
    return text;
}

}  // namespace

TEST_CASE("equal texts have no difference") {
    CHECK(diff("", "") == "");
    CHECK(diff("a\nb", "a\nb") == "");
}

TEST_CASE("a difference has three lines around it") {
    CHECK(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n") ==
          "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
    CHECK(diff("1\n", "one\n") == "--- a\n+++ b\n@@ -1 +1 @@\n-1\n+one\n");
}

TEST_CASE("what is only added or taken away stands behind the line before it") {
    CHECK(diff("", "1\n2\n") == "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+1\n+2\n");
    CHECK(diff("1\n2\n", "") == "--- a\n+++ b\n@@ -1,2 +0,0 @@\n-1\n-2\n");
    CHECK(diff("1\n2\n", "1\n2\n3\n") == "--- a\n+++ b\n@@ -1,2 +1,3 @@\n 1\n 2\n+3\n");
}

TEST_CASE("a last line without an end is told") {
    CHECK(diff("1", "1\n") == "--- a\n+++ b\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+1\n");
    CHECK(diff("1\n2", "one\n2") ==
          "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-1\n+one\n 2\n\\ No newline at end of file\n");
}

TEST_CASE("differences that are near share a hunk") {
    const std::string six = "1\n2\n3\n4\n5\n6\n";
    CHECK(diff(concat({"a\n", six, "b\n"}), concat({"A\n", six, "B\n"})) ==
          "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
    CHECK(diff(concat({"a\n", six, "7\nb\n"}), concat({"A\n", six, "7\nB\n"})) ==
          "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

TEST_CASE("one of several equal lines is added behind them") {
    CHECK(diff("<a>\n  <b/>\n</a>\n<a>\n  <c/>\n</a>\n",
               "<a>\n  <b/>\n</a>\n<a>\n  <new/>\n</a>\n<a>\n  <c/>\n</a>\n") ==
          "--- a\n+++ b\n@@ -2,5 +2,8 @@\n   <b/>\n </a>\n <a>\n+  <new/>\n+</a>\n+<a>\n   <c/>\n </a>\n");
    CHECK(diff("x\nx\nend\n", "x\nx\nx\nend\n") == "--- a\n+++ b\n@@ -1,3 +1,4 @@\n x\n x\n+x\n end\n");
}

TEST_CASE("a carriage return belongs to its line") {
    CHECK(diff("1\r\n2\r\n", "1\r\n2\n") == "--- a\n+++ b\n@@ -1,2 +1,2 @@\n 1\r\n-2\r\n+2\n");
}

TEST_CASE("one change anywhere is told exactly as diff(1) tells it") {
    Random random(GENERATE(20240705U));
    for (int round = 0; round < 150; ++round) {
        auto all = some_lines(random, 30, 12);
        const auto before = join(all, "");
        const auto place = below(random, all.size() + 1),
                   taken = below(random, std::min<size_t>(4, all.size() - place + 1));
        auto added = some_lines(random, 3, 3);
        for (auto& line : added) line = concat({"new ", line});
        const auto from = all.erase(all.begin() + static_cast<std::ptrdiff_t>(place),
                                    all.begin() + static_cast<std::ptrdiff_t>(place + taken));
        all.insert(from, added.begin(), added.end());
        const auto after = join(all, "");
        INFO(before << "->\n" << after);
        REQUIRE(diff(before, after) == real_diff(before, after));
    }
}

TEST_CASE("applied to one text, a difference gives the other") {
    Random random(GENERATE(20240706U));
    for (int round = 0; round < 2000; ++round) {
        const auto before = text_of(random, some_lines(random, 40, 2 + below(random, 20)));
        const auto after = text_of(random, some_lines(random, 40, 2 + below(random, 20)));
        const auto told = diff(before, after);
        INFO(told);
        REQUIRE(patched(before, told) == after);
        REQUIRE(patched(after, diff(after, before)) == before);
    }
}

TEST_CASE("a difference has as few lines as that of diff(1)") {
    const auto count = [](const std::string& told) {
        size_t changed = 0;
        for (const auto line : lines(told))
            if (line.starts_with('-') || line.starts_with('+')) ++changed;
        return changed;
    };
    Random random(GENERATE(20240707U));
    for (int round = 0; round < 100; ++round) {
        const auto before = text_of(random, some_lines(random, 60, 8));
        const auto after = text_of(random, some_lines(random, 60, 8));
        const auto ours = diff(before, after), theirs = real_diff(before, after);
        INFO(ours << "\n" << theirs);
        REQUIRE(count(ours) <= count(theirs));
    }
}

TEST_CASE("texts of any size are compared in bounded time") {
    const auto start = std::chrono::steady_clock::now();
    std::string before = "head\n", after = "head\n";
    for (int i = 0; i < 90'000; ++i) {
        append(before, {i % 2 == 0 ? "x" : std::to_string(i), "\n"});
        append(after, {i % 3 == 0 ? "x" : std::to_string(-i), "\n"});
    }
    before += "foot\n";
    after += "foot\n";
    const auto told = diff(before, after);
    CHECK(patched(before, told) == after);
    // One hunk: all that is between the equal ends.
    CHECK(told.starts_with("--- a\n+++ b\n@@ -1,90002 +1,90002 @@\n head\n"));

    const std::string many(1'000'000, '\n');
    CHECK(diff(many, many + "\n").starts_with("--- a\n+++ b\n@@ -999998,3 +999998,4 @@\n"));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
}
