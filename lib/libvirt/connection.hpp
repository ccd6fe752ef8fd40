// SPDX-License-Identifier: GPL-3.0-or-later
// A connection to libvirt. Looking opens it read-only, and then libvirt itself refuses every change; to apply
// opens it for writing. libvirt.so.0 is opened with the first connection, so that a module that is given a
// file works without it (docs/decisions/0024-libvirt-and-libxml2.md).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/error.hpp"
#include "lib/libvirt/host.hpp"

namespace virtbp {

enum class Access { read_only, read_write };

/// A domain that is known to libvirt. Every function throws Error with libvirt's words.
class DomainHandle {
public:
    std::string name() const;
    std::string uuid() const;
    bool is_active() const;
    bool is_persistent() const;
    bool has_managed_save() const;

    /// The definition that the next start has. With secrets only over a connection for writing.
    std::string inactive_xml(bool with_secrets = false) const;
    std::string live_xml() const;

    // Of the running domain alone; CPUs are those of a host that has `host_cpus`.
    void pin_vcpu(int vcpu, const std::vector<int>& cpus, int host_cpus);
    void pin_emulator(const std::vector<int>& cpus, int host_cpus);
    void set_nodeset(const std::string& nodeset);

private:
    friend class Connection;
    explicit DomainHandle(void* domain);
    std::shared_ptr<void> domain_;  // a virDomainPtr
};

class Connection {
public:
    /// `uri` "" is libvirt's own default. A call that libvirt does not answer within 60 seconds (or what the
    /// environment's VIRTBP_LIBVIRT_TIMEOUT says) ends the process with a result that says so: libvirt's
    /// functions cannot be broken off.
    Connection(const std::string& uri, Access access);

    std::string uri() const;
    /// Whether the host is the machine that this runs on. libvirt's test driver has an invented one.
    bool is_this_machine() const;
    unsigned long version() const;  ///< of the libvirt at the other end: 9.0.1 is 9000001

    std::string capabilities() const;
    /// From the capabilities, with what is free now.
    Host host() const;

    /// By name, else by UUID. Throws Error that names what there is where there is none.
    DomainHandle find(const std::string& name_or_uuid) const;
    std::vector<DomainHandle> domains() const;  ///< all, by name

    /// Where `validate`, libvirt holds the XML against its schema first.
    void define(const std::string& xml, bool validate) const;

private:
    std::shared_ptr<void> loop_;        // libvirt's event loop, for a driver in this process
    std::shared_ptr<void> connection_;  // a virConnectPtr; closed before the loop ends
};

/// The schema refused a definition (VIR_ERR_XML_INVALID_SCHEMA).
struct SchemaError : Error {
    using Error::Error;
};

}  // namespace virtbp
