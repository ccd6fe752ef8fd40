// SPDX-License-Identifier: GPL-3.0-or-later
// Invented hosts for the layout's tests.
#pragma once

#include "lib/libvirt/host.hpp"

/// `nodes` × `cores` × `threads` CPUs, 21 between nodes, 32 GiB each, 28 GiB free, of the pages one half.
/// Adjacent: siblings follow each other; else they are half of all CPUs apart.
inline virtbp::Host host_of(int nodes, int cores, int threads, bool adjacent = true) {
    virtbp::Host host;
    for (int id = 0; id < nodes; ++id) {
        virtbp::HostNode node{id, 32L << 20U, 28L << 20U,
                              {}, {},         {{1L << 20U, {8, 4}}, {2048, {4096, 2048}}}};
        for (int core = id * cores; core < (id + 1) * cores; ++core) {
            node.cores.emplace_back();
            for (int thread = 0; thread < threads; ++thread)
                node.cores.back().push_back(adjacent ? core * threads + thread
                                                     : thread * nodes * cores + core);
        }
        for (int other = 0; other < nodes; ++other) node.distances[other] = other == id ? 10 : 21;
        host.nodes.push_back(std::move(node));
    }
    return host;
}
