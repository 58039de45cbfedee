// A whole coordinator in this process, and attempts that run in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coordinator/app/coordinator.h"
#include "optfleet/v1/worker.pb.h"

namespace optfleet::bench {

struct Cluster {
  std::unique_ptr<app::Coordinator> coordinator;
  std::string address;  // of gRPC
  std::vector<v1::DesiredAttempt> attempts;
};

// A new state folder in `folder`, and one worker that was given an attempt of each of `jobs` jobs. Failures
// end the program.
Cluster StartCluster(const std::string& folder, int jobs);

// Commits to metrics.db so far, as /metrics says.
int64_t MetricsCommits(const Cluster& cluster);

inline constexpr const char* kWorker = "bench01";

}  // namespace optfleet::bench
