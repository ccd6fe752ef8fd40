// SPDX-License-Identifier: GPL-3.0-or-later
// The calls of libvirt that domain_numa makes, in its order, and nothing else: what it cannot do without.
//     libvirt_calls URI DOMAIN|all
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>

static void read(virDomainPtr domain) {
    if (virDomainIsActive(domain) == 1) free(virDomainGetXMLDesc(domain, 0));
    else free(virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE));
}

int main(int count, char** arguments) {
    if (count != 3) return 2;
    setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0);
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
    virEventRegisterDefaultImpl();
    const int timer = virEventAddTimeout(-1, [](int, void*) {}, nullptr, nullptr);
    std::atomic<bool> stop = false;
    std::thread loop([&stop] {
        while (!stop) virEventRunDefaultImpl();
    });
    virConnectPtr connection = virConnectOpenReadOnly(arguments[1]);
    if (connection == nullptr) return 1;
    virDomainPtr domain = nullptr;
    if (strcmp(arguments[2], "all") != 0) {
        domain = virDomainLookupByName(connection, arguments[2]);
        if (domain == nullptr) return 1;
        free(virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE));
        virDomainIsPersistent(domain);
    }
    free(virConnectGetCapabilities(connection));
    virNodeInfo node;
    if (virNodeGetInfo(connection, &node) != 0) return 1;
    for (unsigned cell = 0; cell < node.nodes; ++cell) {
        unsigned long long memory = 0, pages = 0;
        virNodeGetCellsFreeMemory(connection, &memory, static_cast<int>(cell), 1);
        for (unsigned size : {2048U, 1048576U})
            virNodeGetFreePages(connection, 1, &size, static_cast<int>(cell), 1, &pages, 0);
    }
    unsigned long version = 0;
    virConnectGetLibVersion(connection, &version);
    free(virConnectGetURI(connection));
    if (domain != nullptr) {
        virDomainIsActive(domain);
        virDomainHasManagedSaveImage(domain, 0);
        virDomainFree(domain);
    } else {
        virDomainPtr* all = nullptr;
        const int domains = virConnectListAllDomains(connection, &all, 0);
        for (int i = 0; i < domains; ++i) {
            read(all[i]);
            virDomainFree(all[i]);
        }
        free(static_cast<void*>(all));
    }
    virConnectClose(connection);
    stop = true;
    virEventUpdateTimeout(timer, 0);
    loop.join();
    return 0;
}
