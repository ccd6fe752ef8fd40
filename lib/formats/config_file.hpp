// SPDX-License-Identifier: GPL-3.0-or-later
// A configuration file that was read: what the parsers of drop-in directories are given, and name in their
// answers.
#pragma once

#include <string>
#include <vector>

namespace virtbp {

struct ConfigFile {
    std::string path;
    std::string text;
};

/// The files of drop_ins() with this one, in its place by name: what would be read after writing it to /etc.
void put(std::vector<ConfigFile>& files, ConfigFile file);

}  // namespace virtbp
