// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/c_escapes.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

TEST_CASE("escapes of the C language are taken away") {
    CHECK(unescape_c("plain") == "plain");
    CHECK(unescape_c(R"(a\nb\tc\\d\"e\'f\sg)") == "a\nb\tc\\d\"e'f g");
    CHECK(unescape_c(R"(\a\b\f\r\v)") == "\a\b\f\r\v");
    CHECK(unescape_c(R"(\x41\101\x7E)") == "AA~");
    CHECK(unescape_c(R"(\xff\377)") == "\xff\xff");
    CHECK(unescape_c(R"(\u00e9 \U0001f600)") == "é 😀");
}

TEST_CASE("an escape that is unknown, not whole or for NUL is refused") {
    for (const std::string text :
         {R"(\)", R"(a\)", R"(\q)", R"(\x4)", R"(\x4g)", R"(\x00)", R"(\000)", R"(\1)", R"(\400)", R"(\u12)",
          R"(\ud800)", R"(\U00110000)", R"(\u0000)", R"(\8)"}) {
        CAPTURE(text);
        CHECK_FALSE(unescape_c(text));
    }
}
