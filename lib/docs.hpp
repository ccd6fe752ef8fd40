// SPDX-License-Identifier: GPL-3.0-or-later
// A module's documents, all made from its one declaration.
#pragma once

#include <string>
#include <vector>

#include "lib/schema.hpp"

namespace virtbp {

std::string help(const Description& module);  ///< --help: usage and the parameters, a line each
std::string ansible_doc(
    const Description& module);  ///< --doc: one YAML document, DOCUMENTATION, EXAMPLES, RETURN
std::string json_schema(const Description& module);   ///< --schema: JSON Schema (2020-12) of the parameters
std::string ansible_stub(const Description& module);  ///< --stub: plugins/modules/NAME.py of the collection
std::string man_page(const Description& module);      ///< --man: section 1, roff

/// An option's description, with its range: Ansible's documents have no key for that.
std::vector<std::string> paragraphs(const Option& option);

}  // namespace virtbp
