// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of domain_numa written into a domain's XML: element by element, in libvirt's order.
#include "lib/formats/number_list.hpp"
#include "lib/formats/xml_edit.hpp"
#include "lib/libvirt/domain.hpp"
#include "lib/libvirt/element_edit.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;

/// What follows <numatune> in what libvirt writes (virDomainDefFormatInternalSetRootName).
const Names after_numatune{"resource", "sysinfo", "bootloader", "bootloader_args", "os",        "idmap",
                           "features", "cpu",     "clock",      "on_poweroff",     "on_reboot", "on_crash",
                           "pm",       "perf",    "devices",    "seclabel"};
const Names after_cpu{"clock", "on_poweroff", "on_reboot", "on_crash", "pm", "perf", "devices", "seclabel"};
/// What follows <vcpupin>, and what follows <emulatorpin>, in <cputune>.
const Names after_vcpupin{"emulatorpin", "iothreadpin", "vcpusched",    "iothreadsched",
                          "cachetune",   "memorytune",  "emulatorsched"};
const Names after_emulatorpin(after_vcpupin.begin() + 1, after_vcpupin.end());

std::string kibibytes(long amount) { return std::to_string(amount); }

class Editor {
public:
    Editor(const std::string& text, const XmlElement& root, const Domain& should)
        : text_(text), root_(root), is_(read_domain(root, "the domain")), should_(should), edit_(text) {}

    std::string run() {
        amounts();
        vcpu();
        cputune();
        numatune();
        cells();
        return edit_.result();
    }

private:
    void amount(const char* name, long is, long should) {
        const auto* element = root_.find(name);
        if (is == should || element == nullptr) return;
        put(edit_, *element, "unit", "KiB");
        edit_.set_text(*element, kibibytes(should));
    }

    void amounts() {
        amount("memory", is_.memory, should_.memory);
        amount("currentMemory", is_.current_memory, should_.current_memory);
    }

    /// A guest without <vcpu> has one.
    void add_vcpu() {
        Attributes attributes;
        if (should_.vcpu_placement_auto) attributes.emplace_back("placement", "auto");
        if (should_.cpuset) attributes.emplace_back("cpuset", format_number_list(*should_.cpuset));
        if (attributes.empty()) return;
        auto followers = after_numatune;
        for (const auto* name :
             {"vcpus", "iothreads", "iothreadids", "defaultiothread", "cputune", "numatune"})
            followers.emplace_back(name);
        edit_.add(root_, {"vcpu", std::move(attributes), "1"}, first_of(root_, followers));
    }

    void vcpu() {
        const auto* element = root_.find("vcpu");
        if (element == nullptr) return add_vcpu();
        if (is_.vcpu_placement_auto != should_.vcpu_placement_auto)
            put(edit_, *element, "placement", should_.vcpu_placement_auto ? "auto" : "static",
                {"cpuset", "current"});
        if (is_.cpuset != should_.cpuset)
            put_list(edit_, *element, "cpuset", should_.cpuset.value_or(std::vector<int>()), {"current"});
    }

    static NewElement pin(const char* name, Attributes attributes, const std::vector<int>& cpus) {
        attributes.emplace_back("cpuset", format_number_list(cpus));
        return {name, std::move(attributes)};
    }

    void cputune() {
        const auto* parent = root_.find("cputune");
        const Family pins(parent, "vcpupin", "vcpu");
        const auto* emulator = root_.find("cputune/emulatorpin");
        std::vector<NewElement> added;
        std::vector<const XmlElement*> places, removed;
        for (const auto& [vcpu, cpus] : should_.vcpupins) {
            if (const auto* element = pins.find(vcpu)) {
                put_list(edit_, *element, "cpuset", cpus);
                continue;
            }
            added.push_back(pin("vcpupin", {{"vcpu", std::to_string(vcpu)}}, cpus));
            places.push_back(parent == nullptr ? nullptr : pins.place(vcpu, after_vcpupin));
        }
        for (const auto& [vcpu, element] : pins.members())
            if (!should_.vcpupins.contains(vcpu)) removed.push_back(element);
        if (should_.emulatorpin && emulator != nullptr) {
            put_list(edit_, *emulator, "cpuset", *should_.emulatorpin);
        } else if (should_.emulatorpin) {
            added.push_back(pin("emulatorpin", {}, *should_.emulatorpin));
            places.push_back(parent == nullptr ? nullptr : first_of(*parent, after_emulatorpin));
        } else if (emulator != nullptr) {
            removed.push_back(emulator);
        }
        auto followers = after_numatune;
        followers.emplace_back("numatune");
        settle(parent, "cputune", added, places, removed, first_of(root_, followers));
    }

    static Attributes policy(const MemoryPolicy& policy, bool is_memnode) {
        Attributes all{{"mode", policy.mode}};
        if (!is_memnode && policy.placement == "auto") all.emplace_back("placement", "auto");
        else all.emplace_back("nodeset", format_number_list(policy.nodeset));
        return all;
    }

    void put_policy(const XmlElement& element, const MemoryPolicy& is, const MemoryPolicy& should) {
        if (is.mode != should.mode) put(edit_, element, "mode", should.mode, {"placement", "nodeset"});
        if (is.placement != should.placement)
            put(edit_, element, "placement", should.placement == "auto" ? "auto" : "", {"nodeset"});
        if (is.nodeset != should.nodeset) put_list(edit_, element, "nodeset", should.nodeset);
    }

    void numatune() {
        const auto* parent = root_.find("numatune");
        const auto* memory = root_.find("numatune/memory");
        const Family memnodes(parent, "memnode", "cellid");
        std::vector<NewElement> added;
        std::vector<const XmlElement*> places, removed;
        if (should_.numatune && memory != nullptr) {
            put_policy(*memory, *is_.numatune, *should_.numatune);
        } else if (should_.numatune) {
            added.push_back({"memory", policy(*should_.numatune, false)});
            places.push_back(parent == nullptr || parent->children.empty() ? nullptr
                                                                           : &parent->children.front());
        } else if (memory != nullptr) {
            removed.push_back(memory);
        }
        for (const auto& [cell, wanted] : should_.memnodes) {
            if (const auto* element = memnodes.find(cell)) {
                put_policy(*element, is_.memnodes.at(cell), wanted);
                continue;
            }
            Attributes attributes{{"cellid", std::to_string(cell)}};
            for (auto& attribute : policy(wanted, true)) attributes.push_back(std::move(attribute));
            added.push_back({"memnode", std::move(attributes)});
            places.push_back(parent == nullptr ? nullptr : memnodes.place(cell, {}));
        }
        for (const auto& [cell, element] : memnodes.members())
            if (!should_.memnodes.contains(cell)) removed.push_back(element);
        settle(parent, "numatune", added, places, removed, first_of(root_, after_numatune));
    }

    /// Children added and removed; the parent is made where it is missing, and goes with its last child.
    void settle(const XmlElement* parent, const char* name, const std::vector<NewElement>& added,
                const std::vector<const XmlElement*>& places, const std::vector<const XmlElement*>& removed,
                const XmlElement* place) {
        if (parent == nullptr) {
            if (!added.empty()) edit_.add(root_, {name, {}, "", added}, place);
            return;
        }
        if (added.empty() && !removed.empty() && is_all_of(*parent, removed)) return edit_.remove(*parent);
        for (const auto* element : removed) edit_.remove(*element);
        for (size_t i = 0; i < added.size(); ++i) edit_.add(*parent, added[i], places[i]);
    }

    /// Whether an element holds these children and nothing else but blanks: no other, no comment, no text.
    bool is_all_of(const XmlElement& parent, const std::vector<const XmlElement*>& children) const {
        if (children.size() != parent.children.size()) return false;
        const std::string_view text(text_);
        auto place = parent.span.content_begin;
        for (const auto& child : parent.children) {
            if (!trim(text.substr(place, child.span.begin - place)).empty()) return false;
            place = child.span.end;
        }
        return trim(text.substr(place, parent.span.content_end - place)).empty();
    }

    static NewElement sibling(int id, int distance) {
        return {"sibling", {{"id", std::to_string(id)}, {"value", std::to_string(distance)}}};
    }

    static NewElement distances(const GuestCell& cell) {
        NewElement element{"distances"};
        for (const auto& [id, distance] : cell.distances) element.children.push_back(sibling(id, distance));
        return element;
    }

    static NewElement new_cell(int id, const GuestCell& cell) {
        NewElement element{"cell",
                           {{"id", std::to_string(id)},
                            {"cpus", format_number_list(cell.cpus)},
                            {"memory", kibibytes(cell.memory)},
                            {"unit", "KiB"}}};
        if (cell.cpus.empty()) element.attributes.erase(element.attributes.begin() + 1);
        if (!cell.mem_access.empty()) element.attributes.emplace_back("memAccess", cell.mem_access);
        if (!cell.discard.empty()) element.attributes.emplace_back("discard", cell.discard);
        if (!cell.distances.empty()) element.children.push_back(distances(cell));
        return element;
    }

    void put_distances(const XmlElement& element, const GuestCell& should) {
        const auto* parent = element.find("distances");
        if (parent == nullptr) {
            if (!should.distances.empty())
                edit_.add(element, distances(should), first_of(element, {"cache"}));
            return;
        }
        if (should.distances.empty())
            return is_all_of(element, {parent}) ? edit_.empty(element) : edit_.remove(*parent);
        const Family siblings(parent, "sibling", "id");
        for (const auto& [id, distance] : should.distances) {
            if (const auto* found = siblings.find(id)) put(edit_, *found, "value", std::to_string(distance));
            else edit_.add(*parent, sibling(id, distance), siblings.place(id, {}));
        }
        for (const auto& [id, found] : siblings.members())
            if (!should.distances.contains(id)) edit_.remove(*found);
    }

    void put_cell(const XmlElement& element, const GuestCell& is, const GuestCell& should) {
        if (is.cpus != should.cpus)
            put_list(edit_, element, "cpus", should.cpus, {"memory", "unit", "memAccess", "discard"});
        if (is.memory != should.memory) {
            put(edit_, element, "memory", kibibytes(should.memory), {"unit", "memAccess", "discard"});
            put(edit_, element, "unit", "KiB", {"memAccess", "discard"});
        }
        if (is.mem_access != should.mem_access)
            put(edit_, element, "memAccess", should.mem_access, {"discard"});
        if (is.discard != should.discard) put(edit_, element, "discard", should.discard);
        if (is.distances != should.distances) put_distances(element, should);
    }

    void cells() {
        const auto* cpu = root_.find("cpu");
        const auto* numa = root_.find("cpu/numa");
        if (should_.cells.empty()) {
            if (numa == nullptr) return;
            if (!is_all_of(*cpu, {numa})) return edit_.remove(*numa);
            return cpu->attributes.empty() ? edit_.remove(*cpu) : edit_.empty(*cpu);
        }
        if (numa == nullptr) {
            NewElement made{"numa"};
            for (const auto& [id, cell] : should_.cells) made.children.push_back(new_cell(id, cell));
            if (cpu != nullptr) edit_.add(*cpu, made, nullptr);
            else edit_.add(root_, {"cpu", {}, "", {made}}, first_of(root_, after_cpu));
            return;
        }
        const Family cells(numa, "cell", "id");
        for (const auto& [id, cell] : should_.cells) {
            if (const auto* element = cells.find(id)) put_cell(*element, is_.cells.at(id), cell);
            else edit_.add(*numa, new_cell(id, cell), cells.place(id, {"interconnects"}));
        }
        for (const auto& [id, element] : cells.members())
            if (!should_.cells.contains(id)) edit_.remove(*element);
    }

    const std::string& text_;
    const XmlElement& root_;
    Domain is_;
    const Domain& should_;
    XmlEdit edit_;
};

}  // namespace

std::string edit_domain(const std::string& text, const XmlElement& root, const Domain& should) {
    return Editor(text, root, should).run();
}

}  // namespace virtbp
