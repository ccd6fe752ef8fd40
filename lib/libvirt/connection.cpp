// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/connection.hpp"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "lib/error.hpp"
#include "lib/libvirt/event_loop.hpp"
#include "lib/libvirt/libvirt.hpp"
#include "lib/libvirt/watchdog.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr Libvirt<virConnectClose> connect_close{"virConnectClose"};
constexpr Libvirt<virConnectGetCapabilities> connect_get_capabilities{"virConnectGetCapabilities"};
constexpr Libvirt<virConnectGetLibVersion> connect_get_lib_version{"virConnectGetLibVersion"};
constexpr Libvirt<virConnectGetURI> connect_get_uri{"virConnectGetURI"};
constexpr Libvirt<virConnectListAllDomains> connect_list_all_domains{"virConnectListAllDomains"};
constexpr Libvirt<virConnectOpen> connect_open{"virConnectOpen"};
constexpr Libvirt<virConnectOpenReadOnly> connect_open_read_only{"virConnectOpenReadOnly"};
constexpr Libvirt<virDomainDefineXMLFlags> domain_define_xml{"virDomainDefineXMLFlags"};
constexpr Libvirt<virDomainFree> domain_free{"virDomainFree"};
constexpr Libvirt<virDomainGetName> domain_get_name{"virDomainGetName"};
constexpr Libvirt<virDomainGetUUIDString> domain_get_uuid_string{"virDomainGetUUIDString"};
constexpr Libvirt<virDomainGetXMLDesc> domain_get_xml{"virDomainGetXMLDesc"};
constexpr Libvirt<virDomainHasManagedSaveImage> domain_has_managed_save{"virDomainHasManagedSaveImage"};
constexpr Libvirt<virDomainIsActive> domain_is_active{"virDomainIsActive"};
constexpr Libvirt<virDomainIsPersistent> domain_is_persistent{"virDomainIsPersistent"};
constexpr Libvirt<virDomainLookupByName> domain_lookup_by_name{"virDomainLookupByName"};
constexpr Libvirt<virDomainLookupByUUIDString> domain_lookup_by_uuid{"virDomainLookupByUUIDString"};
constexpr Libvirt<virDomainPinEmulator> domain_pin_emulator{"virDomainPinEmulator"};
constexpr Libvirt<virDomainPinVcpuFlags> domain_pin_vcpu{"virDomainPinVcpuFlags"};
constexpr Libvirt<virDomainSetNumaParameters> domain_set_numa_parameters{"virDomainSetNumaParameters"};
constexpr Libvirt<virGetLastError> get_last_error{"virGetLastError"};
constexpr Libvirt<virNodeGetCellsFreeMemory> node_get_cells_free_memory{"virNodeGetCellsFreeMemory"};
constexpr Libvirt<virNodeGetFreePages> node_get_free_pages{"virNodeGetFreePages"};
constexpr Libvirt<virSetErrorFunc> set_error_func{"virSetErrorFunc"};
constexpr Libvirt<virTypedParamsAddString> typed_params_add_string{"virTypedParamsAddString"};
constexpr Libvirt<virTypedParamsFree> typed_params_free{"virTypedParamsFree"};

[[noreturn]] void fail(std::string_view action) {
    const virError* error = get_last_error();
    const auto text = concat(
        {action, ": ", error != nullptr && error->message != nullptr ? error->message : "unknown error"});
    if (error != nullptr && error->code == VIR_ERR_XML_INVALID_SCHEMA) throw SchemaError(text);
    throw Error(text);
}

/// What a call of libvirt gave, -1 being a failure.
int checked(int result, std::string_view action) {
    if (result < 0) fail(action);
    return result;
}

std::string taken(char* text, std::string_view action) {
    if (text == nullptr) fail(action);
    std::string copy(text);
    free(text);
    return copy;
}

virDomainPtr of(const std::shared_ptr<void>& domain) { return static_cast<virDomainPtr>(domain.get()); }
virConnectPtr connection_of(const std::shared_ptr<void>& connection) {
    return static_cast<virConnectPtr>(connection.get());
}

std::vector<unsigned char> cpu_map(const std::vector<int>& cpus, int host_cpus) {
    std::vector<unsigned char> map(static_cast<size_t>(host_cpus + 7) / 8);
    for (const int cpu : cpus)
        if (const auto byte = static_cast<size_t>(cpu) / 8; byte < map.size())
            map[byte] = static_cast<unsigned char>(map[byte] | (1U << (static_cast<unsigned>(cpu) % 8)));
    return map;
}

}  // namespace

SharedLibrary& libvirt() {
    static SharedLibrary library(
        {"libvirt.so.0"},
        "domains need libvirt's client library (package libvirt-libs, libvirt0 on Debian), or xml: a file");
    return library;
}

// -- a domain -----------------------------------------------------------------------------------------------

DomainHandle::DomainHandle(void* domain)
    : domain_(domain, [](void* held) { domain_free(static_cast<virDomainPtr>(held)); }) {}

std::string DomainHandle::name() const { return domain_get_name(of(domain_)); }

std::string DomainHandle::uuid() const {
    std::array<char, VIR_UUID_STRING_BUFLEN> text{};
    checked(domain_get_uuid_string(of(domain_), text.data()), "cannot ask for a domain's UUID");
    return text.data();
}

bool DomainHandle::is_active() const {
    restart_watchdog();
    return checked(domain_is_active(of(domain_)), concat({"cannot ask whether ", name(), " runs"})) == 1;
}

bool DomainHandle::is_persistent() const {
    restart_watchdog();
    return checked(domain_is_persistent(of(domain_)), concat({"cannot ask about ", name()})) == 1;
}

bool DomainHandle::has_managed_save() const {
    restart_watchdog();
    return domain_has_managed_save(of(domain_), 0) == 1;  // -1: a driver without managed save
}

std::string DomainHandle::inactive_xml(bool with_secrets) const {
    restart_watchdog();
    const unsigned flags =
        VIR_DOMAIN_XML_INACTIVE | (with_secrets ? static_cast<unsigned>(VIR_DOMAIN_XML_SECURE) : 0U);
    return taken(domain_get_xml(of(domain_), flags), concat({"cannot read the definition of ", name()}));
}

std::string DomainHandle::live_xml() const {
    restart_watchdog();
    return taken(domain_get_xml(of(domain_), 0), concat({"cannot read the running domain ", name()}));
}

void DomainHandle::pin_vcpu(int vcpu, const std::vector<int>& cpus, int host_cpus) {
    restart_watchdog();
    auto map = cpu_map(cpus, host_cpus);
    checked(domain_pin_vcpu(of(domain_), static_cast<unsigned>(vcpu), map.data(),
                            static_cast<int>(map.size()), VIR_DOMAIN_AFFECT_LIVE),
            concat({"cannot pin vCPU ", std::to_string(vcpu), " of the running domain ", name()}));
}

void DomainHandle::pin_emulator(const std::vector<int>& cpus, int host_cpus) {
    restart_watchdog();
    auto map = cpu_map(cpus, host_cpus);
    checked(
        domain_pin_emulator(of(domain_), map.data(), static_cast<int>(map.size()), VIR_DOMAIN_AFFECT_LIVE),
        concat({"cannot pin the emulator of the running domain ", name()}));
}

void DomainHandle::set_nodeset(const std::string& nodeset) {
    restart_watchdog();
    virTypedParameterPtr parameters = nullptr;
    int count = 0, room = 0;
    checked(typed_params_add_string(&parameters, &count, &room, VIR_DOMAIN_NUMA_NODESET, nodeset.c_str()),
            "cannot make a parameter for libvirt");
    const int result = domain_set_numa_parameters(of(domain_), parameters, count, VIR_DOMAIN_AFFECT_LIVE);
    typed_params_free(parameters, count);
    checked(result, concat({"cannot move the memory of the running domain ", name(), " to nodes ", nodeset}));
}

// -- a connection -------------------------------------------------------------------------------------------

Connection::Connection(const std::string& uri, Access access) {
    const char* const by_default = getenv("LIBVIRT_DEFAULT_URI");
    const bool is_default = uri.empty() && by_default != nullptr;
    const auto shown = is_default ? std::string(by_default) : uri.empty() ? "its default URI" : uri;
    start_watchdog(concat({"libvirt (", shown, ") did not answer"}), access == Access::read_write);
    set_error_func(nullptr, [](void*, virErrorPtr) {});  // else errors are printed
    if (shown.find("/embed") != std::string::npos) {
        setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0);  // a driver in this process logs to stderr
        loop_ = run_event_loop();
    }
    const char* const name = uri.empty() ? nullptr : uri.c_str();
    virConnectPtr opened = access == Access::read_only ? connect_open_read_only(name) : connect_open(name);
    if (opened == nullptr) fail(concat({"cannot connect to libvirt (", shown, ")"}));
    connection_ = std::shared_ptr<void>(opened, [](void* held) {
        connect_close(static_cast<virConnectPtr>(held));
        stop_watchdog();
    });
}

std::string Connection::uri() const {
    return taken(connect_get_uri(connection_of(connection_)), "cannot ask libvirt for its URI");
}

bool Connection::is_this_machine() const {
    const auto text = uri();
    const auto server = text.find("://");
    return !text.starts_with("test") && server != std::string::npos &&
           text.substr(server).starts_with(":///");
}

unsigned long Connection::version() const {
    unsigned long version = 0;
    checked(connect_get_lib_version(connection_of(connection_), &version),
            "cannot ask libvirt for its version");
    return version;
}

std::string Connection::capabilities() const {
    restart_watchdog();
    return taken(connect_get_capabilities(connection_of(connection_)), "cannot read libvirt's capabilities");
}

Host Connection::host() const {
    const auto text = capabilities();
    auto host = host_of_capabilities(parse_xml(text, "libvirt's capabilities"));
    for (auto& node : host.nodes) {
        if (node.memory == 0) continue;  // libnuma fails for those
        restart_watchdog();
        unsigned long long free_bytes = 0;
        if (node_get_cells_free_memory(connection_of(connection_), &free_bytes, node.id, 1) == 1)
            node.free_memory = static_cast<long>(free_bytes / 1024);
        for (auto& [size, pool] : node.pages) {
            auto page = static_cast<unsigned>(size);
            unsigned long long free_pages = 0;
            if (node_get_free_pages(connection_of(connection_), 1, &page, node.id, 1, &free_pages, 0) >= 0)
                pool.free = static_cast<long>(free_pages);
        }
    }
    return host;
}

std::vector<DomainHandle> Connection::domains() const {
    restart_watchdog();
    virDomainPtr* list = nullptr;
    const int count =
        checked(connect_list_all_domains(connection_of(connection_), &list, 0), "cannot list the domains");
    std::vector<DomainHandle> all;
    for (int i = 0; i < count; ++i) all.push_back(DomainHandle(list[i]));
    free(static_cast<void*>(list));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name() < b.name(); });
    return all;
}

DomainHandle Connection::find(const std::string& name_or_uuid) const {
    restart_watchdog();
    auto* found = domain_lookup_by_name(connection_of(connection_), name_or_uuid.c_str());
    if (found == nullptr) found = domain_lookup_by_uuid(connection_of(connection_), name_or_uuid.c_str());
    if (found != nullptr) return DomainHandle(found);
    std::vector<std::string> names;
    for (const auto& domain : domains()) names.push_back(domain.name());
    if (names.size() > 10) names.resize(10), names.emplace_back("…");
    throw Error(concat({"there is no domain \"", name_or_uuid, "\" at ", uri(), ": ",
                        names.empty() ? "it has none" : concat({"it has ", join(names, ", ")})}));
}

void Connection::define(const std::string& xml, bool validate) const {
    restart_watchdog();
    auto* const domain = domain_define_xml(connection_of(connection_), xml.c_str(),
                                           validate ? static_cast<unsigned>(VIR_DOMAIN_DEFINE_VALIDATE) : 0U);
    if (domain == nullptr) fail("libvirt refuses the definition");
    domain_free(domain);
}

}  // namespace virtbp
