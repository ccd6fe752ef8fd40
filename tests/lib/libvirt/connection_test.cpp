// SPDX-License-Identifier: GPL-3.0-or-later
// Against libvirt's test driver, which lives in this process: test:///default has two nodes, 16 CPUs and a
// domain.
#include "lib/libvirt/connection.hpp"

#include <dlfcn.h>

#include "lib/error.hpp"
#include "lib/libvirt/domain.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;
using Catch::Contains;

namespace {

bool has_libvirt() {
    if (dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL) != nullptr) return true;
    WARN("skipped: libvirt.so.0 is not installed");
    return false;
}

}  // namespace

TEST_CASE("a host is known by its connection") {
    if (!has_libvirt()) return;
    const Connection connection("test:///default", Access::read_only);
    CHECK(connection.uri() == "test:///default");
    CHECK_FALSE(connection.is_this_machine());
    CHECK(connection.version() > 1000000);
    const auto host = connection.host();
    REQUIRE(host.nodes.size() == 2);
    CHECK(host.nodes[1].cores.size() == 8);
    CHECK(host.nodes[0].memory == 2L << 20U);
    CHECK(host.nodes[0].free_memory > 0);
    CHECK(host.nodes[1].pages.at(2048).free > 0);
}

TEST_CASE("domains are found by name and UUID, and what is there is told where one is not") {
    if (!has_libvirt()) return;
    const Connection connection("test:///default", Access::read_only);
    const auto domain = connection.find("test");
    CHECK(domain.name() == "test");
    CHECK(connection.find(domain.uuid()).name() == "test");
    CHECK(domain.is_active());
    CHECK(domain.is_persistent());
    CHECK_FALSE(domain.has_managed_save());
    CHECK_THAT(domain.inactive_xml(), Contains("<name>test</name>"));
    CHECK_THAT(domain.live_xml(), Contains("<name>test</name>"));
    CHECK(connection.domains().size() == 1);
    CHECK_THROWS_WITH(connection.find("nobody"),
                      "there is no domain \"nobody\" at test:///default: it has test");
}

TEST_CASE("who only looks can neither define nor read secrets") {
    if (!has_libvirt()) return;
    const Connection looking("test:///default", Access::read_only);
    const auto xml = looking.find("test").inactive_xml();
    CHECK_THROWS_WITH(looking.define(xml, true), Contains("read only"));
    CHECK_THROWS_WITH(looking.find("test").inactive_xml(true), Contains("secure flag"));
}

TEST_CASE("a definition is held against the schema") {
    if (!has_libvirt()) return;
    const Connection connection("test:///default", Access::read_write);
    const auto xml = connection.find("test").inactive_xml(true);
    CHECK_NOTHROW(connection.define(xml, true));
    const auto odd = replaced(xml, "<name>", "<numaTune/><name>");
    CHECK_THROWS_AS(connection.define(odd, true), SchemaError);
    CHECK_NOTHROW(connection.define(odd, false));
    CHECK_THROWS_WITH(connection.define("<domain/>", false), Contains("libvirt refuses the definition: "));
}

TEST_CASE("a URI that leads nowhere is told with libvirt's reason") {
    if (!has_libvirt()) return;
    CHECK_THROWS_WITH(Connection("nonsense:///x", Access::read_only),
                      Contains("cannot connect to libvirt (nonsense:///x): "));
}

TEST_CASE("what was defined is read back, and is the same to libvirt") {
    if (!has_libvirt()) return;
    const Connection connection("test:///default", Access::read_write);
    const std::string web =
        "<domain type='test'><name>web</name><uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>"
        "<memory unit='KiB'>4096</memory><vcpu>4</vcpu><os><type>hvm</type></os></domain>";
    connection.define(web, true);
    auto should = read_domain(parse_xml(web, "web"), "web");
    should.cells = {{0, {{0, 1}, 2048, "", "", {{1, 21}}}}, {1, {{2, 3}, 2048}}};
    complete_distances(should.cells);
    should.numatune = MemoryPolicy{"strict", {0, 1}};
    should.memnodes = {{0, {"strict", {0}}}, {1, {"preferred", {1}}}};
    should.vcpupins = {{0, {0, 4}}, {3, {8}}};
    should.emulatorpin = {{15}};
    should.cpuset = {{0, 1, 2, 3}};
    const auto before = connection.find("web").inactive_xml(true);
    connection.define(edit_domain(before, parse_xml(before, "web"), should), true);
    const auto after = connection.find("web").inactive_xml();
    const auto now = read_domain(parse_xml(after, "web"), "web");
    CHECK(now.cells == should.cells);
    CHECK(now.numatune == should.numatune);
    CHECK(now.memnodes == should.memnodes);
    CHECK(now.vcpupins == should.vcpupins);
    CHECK(now.emulatorpin == should.emulatorpin);
    CHECK(now.cpuset == should.cpuset);
    // What we write is what libvirt would.
    CHECK(edit_domain(after, parse_xml(after, "web"), now) == after);
    CHECK(edit_domain(before, parse_xml(before, "web"), now) == after);

    CHECK(connection.find("4DEA22B3-1D52-D8F3-2516-782E98AB3FA0").name() == "web");
    CHECK_FALSE(connection.find("web").is_active());
    const auto all = connection.domains();
    REQUIRE(all.size() == 2);
    CHECK(all[0].name() == "test");
    CHECK(all[1].name() == "web");
    CHECK_THROWS_WITH(connection.find("we"), Contains("it has test, web"));
    CHECK_THROWS_WITH(connection.find("00000000-1d52-d8f3-2516-782e98ab3fa0"), Contains("it has test, web"));
}

TEST_CASE("capabilities are XML, and the host's nodes are those in them") {
    if (!has_libvirt()) return;
    const Connection connection("test:///default", Access::read_only);
    const auto root = parse_xml(connection.capabilities(), "capabilities");
    CHECK(root.name == "capabilities");
    const auto told = host_of_capabilities(root);
    const auto host = connection.host();
    REQUIRE(told.nodes.size() == host.nodes.size());
    CHECK(told.cpus() == host.cpus());
    CHECK(host.cpus().size() == 16);
    CHECK(told.nodes[0].free_memory == 0);
}
