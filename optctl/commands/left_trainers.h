// Trainers that live below a worker's root, found by their locks and not by names of processes
// (docs/run-directory.md). `optctl run` uses it to leave nothing behind when a worker could not see to its
// trainers itself.
#pragma once

#include <string>
#include <vector>

namespace optfleet::commands {

// Run directories in which a shim or a trainer lives.
std::vector<std::string> LivingRunDirectories(const std::string& root);

// Signals the process groups of their trainers. A trainer that has just been forked has no started.json yet:
// call it again until LivingRunDirectories is empty.
void SignalTrainers(const std::vector<std::string>& run_directories, int signal);

}  // namespace optfleet::commands
