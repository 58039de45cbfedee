// How long one round of scheduling takes: every waiting job, every slot free. One JSON line per kind of queue
// and size; sizes double, so that the growth can be read off (`growth`: exponent of the last doubling, 1 is
// linear).
//
//   build/release/bin/optfleet_bench_scheduling --jobs 100000 --workers 1000
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>

#include "common/json.h"
#include "coordinator/engine/engine.h"
#include "coordinator/scheduler/plan.h"

namespace optfleet::bench {
namespace {

constexpr int kSlots = 8;
constexpr int64_t kGiB = int64_t{1} << 30;

double SecondsOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::vector<domain::Slot> Slots() {
  std::vector<domain::Slot> slots;
  for (int i = 0; i < kSlots; ++i) {
    slots.push_back({.index = i,
                     .kind = domain::SlotKind::kGpu,
                     .threads = 1,
                     .memory_bytes = 80 * kGiB,
                     .device_uuid = {},
                     .model = {}});
  }
  return slots;
}

// What the jobs of the i-th sweep ask for.
domain::Resources Asked(const std::string& kind, int sweep) {
  domain::Resources resources;
  if (kind == "mixed") {
    resources.memory_bytes = (1 + sweep % 10) * 7 * kGiB;
    if (sweep % 3 == 0) resources.share = 50;
  }
  if (kind == "gangs") resources.slots = 1 + sweep % kSlots;
  return resources;
}

// A coordinator's engine with all jobs queued and no worker yet.
std::unique_ptr<engine::Engine> Filled(const std::string& kind, int jobs) {
  const int sweeps = kind == "uniform" ? 1 : 40;
  auto engine = std::move(*engine::Engine::Create({}, {}, Time{}));
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    engine::CreateSweep input;
    input.sweep_id = "s" + std::to_string(sweep);
    input.display_name = input.sweep_id;
    input.priority = sweep % 3;
    for (int job = 0; job < jobs / sweeps; ++job) {
      engine::Point point;
      point.spec_hash = std::to_string(job);
      point.total_steps = 100;
      point.resources = Asked(kind, sweep);
      input.points.push_back(std::move(point));
    }
    engine->Handle(input, Time{});
  }
  return engine;
}

// One round over the whole fleet at once, by the scheduler alone.
double OneRound(const std::string& kind, int jobs, int workers, size_t* placed) {
  std::vector<scheduler::WorkerOffer> offers(static_cast<size_t>(workers));
  scheduler::Snapshot snapshot;
  for (int i = 0; i < workers; ++i) {
    auto& offer = offers[static_cast<size_t>(i)];
    char id[16];
    std::snprintf(id, sizeof id, "w%06d", i);
    offer.worker = id;
    for (int slot = 0; slot < kSlots; ++slot) {
      offer.slots.push_back({.index = slot,
                             .kind = domain::SlotKind::kGpu,
                             .memory_bytes = 80 * kGiB,
                             .free_share = domain::kWholeSlot,
                             .free_memory_bytes = 80 * kGiB,
                             .free_at = {}});
    }
    snapshot.workers.push_back(&offer);
  }
  const int sweeps = kind == "uniform" ? 1 : 40;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    scheduler::RequestClass one;
    one.sweep = "s" + std::to_string(sweep);
    one.resources = Asked(kind, sweep);
    one.priority = sweep % 3;
    one.count = jobs / sweeps;
    const int head = std::min<int>(static_cast<int>(one.count), workers * kSlots * 2);
    for (int job = 1; job <= head; ++job) one.head.push_back({Time{}, {one.sweep, job}});
    snapshot.classes.push_back(std::move(one));
  }
  return SecondsOf([&] { *placed = scheduler::MakePlan(snapshot, {}).placements.size(); });
}

// All workers say hello, one after another, to an engine that holds the jobs; each is given what it has room
// for. What one of these messages costs, rows and answer included.
double OneMessage(const std::string& kind, int jobs, int workers) {
  auto engine = Filled(kind, jobs);
  engine::Synchronize hello;
  hello.slots = Slots();
  hello.session = 1;
  const double seconds = SecondsOf([&] {
    for (int i = 0; i < workers; ++i) {
      hello.worker_id = "w" + std::to_string(i);
      hello.sequence = 1;
      engine->Handle(hello, Time{});
    }
  });
  return seconds / workers;
}

void Measure(const std::string& kind, int jobs, int workers, int rounds) {
  double before = 0;
  for (int shift = 2; shift >= 0; --shift) {
    const int j = std::max(80, jobs >> shift), w = std::max(1, workers >> shift);
    double best = 1e9;
    size_t placed = 0;
    for (int round = 0; round < rounds; ++round) best = std::min(best, OneRound(kind, j, w, &placed));
    Json line = {{"benchmark", "scheduling"},
                 {"queue", kind},
                 {"jobs", j},
                 {"workers", w},
                 {"slots", w * kSlots},
                 {"placed", placed},
                 {"round_ms", best * 1e3}};
    if (before > 0) line["growth"] = std::log2(best / before);
    if (shift == 0) line["message_ms"] = OneMessage(kind, j, w) * 1e3;
    before = best;
    std::printf("%s\n", line.dump().c_str());
  }
}

}  // namespace
}  // namespace optfleet::bench

int main(int argc, char** argv) {
  int jobs = 100000, workers = 1000, rounds = 5;
  CLI::App app("One round of scheduling");
  app.add_option("--jobs", jobs, "waiting jobs")->check(CLI::Range(100, 10000000))->capture_default_str();
  app.add_option("--workers", workers, "workers of 8 slots")
      ->check(CLI::Range(4, 100000))
      ->capture_default_str();
  app.add_option("--rounds", rounds, "the best of so many counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  for (const char* kind : {"uniform", "mixed", "gangs"})
    optfleet::bench::Measure(kind, jobs, workers, rounds);
  return 0;
}
