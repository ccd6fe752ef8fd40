// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/schema_check.hpp"

#include <unistd.h>

#include "lib/error.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;
using Catch::Contains;

TEST_CASE("a schema tells what is wrong, and where") {
    const Tree tree;
    tree.file("/domain.rng",
              "<element name='domain' xmlns='http://relaxng.org/ns/structure/1.0'>"
              "<optional><element name='metadata'><empty/></element></optional>"
              "<element name='name'><text/></element></element>");
    const auto schema = tree.root() + "/domain.rng";
    CHECK(schema_fault("<domain><name>a</name></domain>", schema).empty());
    CHECK(schema_fault("<domain>\n<title/>\n</domain>", schema).starts_with("line 2: "));
    // Anything may stand in <metadata>, and it is not what takes the time.
    std::string metadata;
    for (int i = 0; i < 100000; ++i) metadata += "<a/>";
    CHECK(
        schema_fault("<domain><metadata>" + metadata + "</metadata><name>a</name></domain>", schema).empty());
}

TEST_CASE("a schema that is not there asks nothing, and one that is none is an error") {
    const Tree tree;
    CHECK(schema_fault("<domain/>", tree.root() + "/none.rng").empty());
    tree.file("/broken.rng", "<element");
    CHECK_THROWS_WITH(schema_fault("<domain/>", tree.root() + "/broken.rng"),
                      Contains("cannot use the schema"));
}

TEST_CASE("libvirt's own schema lets a domain pass, and names the line of what it does not know") {
    if (access(installed_domain_schema, R_OK) != 0) {
        WARN("skipped: " << installed_domain_schema << " is not installed");
        return;
    }
    const std::string domain =
        "<domain type='kvm'>\n<name>web</name>\n<memory unit='GiB'>1</memory>\n"
        "<numatune><memory mode='strict' nodeset='0-1'/></numatune>\n<os><type>hvm</type></os>\n"
        "<cpu><numa><cell id='0' cpus='0' memory='1' unit='GiB'/></numa></cpu>\n</domain>";
    CHECK(schema_fault(domain, installed_domain_schema).empty());
    CHECK_THAT(schema_fault(replaced(domain, "numatune", "numaTune"), installed_domain_schema),
               Contains("line "));
    CHECK_FALSE(
        schema_fault(replaced(domain, "<memory mode", "<memory moode"), installed_domain_schema).empty());
    CHECK_FALSE(schema_fault(replaced(domain, "0-1", "0, 1"), installed_domain_schema).empty());
}

TEST_CASE("a text that is no XML is an error, not a fault of the domain") {
    const Tree tree;
    tree.file("/any.rng",
              "<element name='domain' xmlns='http://relaxng.org/ns/structure/1.0'><empty/></element>");
    CHECK_THROWS_WITH(schema_fault("<domain>", tree.root() + "/any.rng"),
                      Contains("the domain's XML is not well-formed"));
}
