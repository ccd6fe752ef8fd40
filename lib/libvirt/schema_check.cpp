// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/schema_check.hpp"

#include <unistd.h>

#include <memory>

#include "lib/error.hpp"
#include "lib/libxml2.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr LibXml<xmlFreeDoc> free_document{"xmlFreeDoc"};
constexpr LibXml<xmlDocGetRootElement> root_of{"xmlDocGetRootElement"};
constexpr LibXml<xmlFreeNode> free_node{"xmlFreeNode"};
constexpr LibXml<xmlReadMemory> read_memory{"xmlReadMemory"};
constexpr LibXml<xmlRelaxNGFree> free_schema{"xmlRelaxNGFree"};
constexpr LibXml<xmlRelaxNGFreeParserCtxt> free_parser{"xmlRelaxNGFreeParserCtxt"};
constexpr LibXml<xmlRelaxNGFreeValidCtxt> free_validation{"xmlRelaxNGFreeValidCtxt"};
constexpr LibXml<xmlReadFile> read_file{"xmlReadFile"};
constexpr LibXml<xmlRelaxNGNewDocParserCtxt> new_parser{"xmlRelaxNGNewDocParserCtxt"};
constexpr LibXml<xmlRelaxNGNewValidCtxt> new_validation{"xmlRelaxNGNewValidCtxt"};
constexpr LibXml<xmlRelaxNGParse> parse_schema{"xmlRelaxNGParse"};
constexpr LibXml<xmlRelaxNGSetParserStructuredErrors> set_parser_errors{
    "xmlRelaxNGSetParserStructuredErrors"};
constexpr LibXml<xmlRelaxNGSetValidStructuredErrors> set_validation_errors{
    "xmlRelaxNGSetValidStructuredErrors"};
constexpr LibXml<xmlUnlinkNode> unlink_node{"xmlUnlinkNode"};
constexpr LibXml<xmlRelaxNGValidateDoc> validate_document{"xmlRelaxNGValidateDoc"};

struct Release {
    void operator()(xmlDoc* document) const { free_document(document); }
    void operator()(xmlRelaxNGParserCtxt* parser) const { free_parser(parser); }
    void operator()(xmlRelaxNG* schema) const { free_schema(schema); }
    void operator()(xmlRelaxNGValidCtxt* validation) const { free_validation(validation); }
};
template <class T>
using Held = std::unique_ptr<T, Release>;

/// The last error is the outermost: the first says what is wrong.
#if LIBXML_VERSION >= 21200
void keep_first(void* kept, const xmlError* error) {
#else
void keep_first(void* kept, xmlError* error) {
#endif
    auto& text = *static_cast<std::string*>(kept);
    if (text.empty() && error != nullptr && error->message != nullptr)
        text = concat({"line ", std::to_string(error->line), ": ", trim(error->message)});
}

/// The schema lets anything stand in a domain's <metadata>, and libxml2 takes the square of its length to see
/// that: without it, a guest's owner could stop the host's run.
void empty_metadata(xmlNode* domain) {
    if (domain == nullptr) return;
    for (auto* child = domain->children; child != nullptr; child = child->next) {
        if (child->type != XML_ELEMENT_NODE || child->ns != nullptr ||
            std::string_view(reinterpret_cast<const char*>(child->name)) != "metadata")
            continue;
        while (auto* content = child->children) {
            unlink_node(content);
            free_node(content);
        }
    }
}

}  // namespace

std::string schema_fault(const std::string& text, const std::string& schema) {
    if (access(schema.c_str(), R_OK) != 0) return "";
    std::string fault;
    constexpr int quiet = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    const Held<xmlDoc> rules(read_file(schema.c_str(), nullptr, quiet));
    const Held<xmlRelaxNGParserCtxt> parser(rules ? new_parser(rules.get()) : nullptr);
    if (!parser) throw Error(concat({"cannot use the schema ", schema}));
    set_parser_errors(parser.get(), keep_first, &fault);
    const Held<xmlRelaxNG> parsed(parse_schema(parser.get()));
    if (!parsed) throw Error(concat({"cannot use the schema ", schema, ": ", fault}));
    const Held<xmlDoc> document(
        read_memory(text.data(), static_cast<int>(text.size()), "domain", nullptr, quiet));
    if (!document) throw Error("the domain's XML is not well-formed");
    empty_metadata(root_of(document.get()));
    const Held<xmlRelaxNGValidCtxt> validation(new_validation(parsed.get()));
    if (!validation) throw Error("out of memory");
    fault.clear();
    set_validation_errors(validation.get(), keep_first, &fault);
    if (validate_document(validation.get(), document.get()) == 0) return "";
    return fault.empty() ? "it is not valid" : fault;
}

}  // namespace virtbp
