// SPDX-License-Identifier: GPL-3.0-or-later
// What io_scheduler does at least: for every block device below a root, reads the files named
// ("queue/scheduler"). Usage: scheduler_loop ROOT FILE…
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

int main(int count, char** values) {
    if (count < 3) return 1;
    const std::vector<std::string> names(values + 2, values + count);
    std::vector<std::filesystem::path> devices;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(values[1]) + "/sys/block"))
        devices.push_back(entry.path());
    std::sort(devices.begin(), devices.end());
    size_t bytes = 0;
    for (const auto& device : devices) {
        for (const auto& name : names) {
            std::ifstream file(device / name, std::ios::binary);
            const std::string text{std::istreambuf_iterator<char>(file), {}};
            bytes += text.size();
        }
    }
    std::printf("%zu devices, %zu bytes\n", devices.size(), bytes);
    return 0;
}
