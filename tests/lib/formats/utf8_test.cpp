// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/utf8.hpp"

#include "tests/lib/catch.hpp"

using virtbp::append_character;
using virtbp::first_character;

namespace {

char32_t point_of(std::string_view text) { return first_character(text).point; }

}  // namespace

TEST_CASE("characters of every length are read and written back") {
    for (const char32_t point :
         {U'\0', U'a', U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xffff', U'\x10000', U'\x10ffff'}) {
        std::string text;
        REQUIRE(append_character(text, point));
        const auto read = first_character(text + "x");
        CHECK(read.point == point);
        CHECK(read.size == text.size());
    }
}

TEST_CASE("a byte that begins no character is a surrogate of its own") {
    CHECK(point_of("\xff") == 0xdcff);
    CHECK(point_of("\x80") == 0xdc80);              // only continues one
    CHECK(point_of("\xc3") == 0xdcc3);              // cut off
    CHECK(point_of("\xc3x") == 0xdcc3);             // not continued
    CHECK(point_of("\xc0\x80") == 0xdcc0);          // longer than needed
    CHECK(point_of("\xed\xa0\x80") == 0xdced);      // a surrogate
    CHECK(point_of("\xf4\x90\x80\x80") == 0xdcf4);  // beyond Unicode
    CHECK(first_character("\xed\xa0\x80").size == 1);
}

TEST_CASE("surrogates and what is beyond Unicode are not written") {
    std::string text = "kept";
    CHECK_FALSE(append_character(text, 0xd800));
    CHECK_FALSE(append_character(text, 0xdfff));
    CHECK_FALSE(append_character(text, 0x110000));
    CHECK(text == "kept");
}
