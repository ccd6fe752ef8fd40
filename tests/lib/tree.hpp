// SPDX-License-Identifier: GPL-3.0-or-later
// A root directory of a test's own, removed at its end.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

class Tree {
public:
    Tree() {
        std::string name = std::filesystem::temp_directory_path() / "virtbp-tree-XXXXXX";
        root_ = mkdtemp(name.data());
    }
    ~Tree() { std::filesystem::remove_all(root_); }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    /// Both make the folders that they need.
    void file(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
    }
    void link(const std::string& path, const std::string& target) const {
        std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
        std::filesystem::create_symlink(target, root_ + path);
    }

    const std::string& root() const { return root_; }

private:
    std::string root_;
};
