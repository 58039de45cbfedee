// A whole cluster in one process and one thread: the real engine and the real stores, workers and a network
// that lose, double, delay and reorder messages, workers that are cut off, and crashes of every part.
// Everything follows from one seed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "coordinator/engine/engine.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/simulation/simulated_worker.h"

namespace optfleet::simulation {

struct WorldOptions {
  uint64_t seed = 0;
  std::string folder = ":memory:";  // where the databases lie
  int workers = 3;
  int jobs = 12;
  bool faults = true;
};

class World {
 public:
  explicit World(const WorldOptions& options);

  // `chaos` virtual seconds with faults, then quiet until everything has ended or `patience` seconds are
  // over. Failures are reported through GoogleTest. Returns whether everything ended.
  bool Run(int chaos, int patience);

  store::StateStore& state_store() { return *state_; }
  const std::map<JobName, domain::JobStatus>& jobs() const { return jobs_; }
  const std::map<AttemptName, domain::Attempt>& attempts() const { return attempts_; }

 private:
  struct Message {
    Time time;       // of arrival
    uint64_t order;  // breaks ties
    std::string worker;
    std::variant<engine::Synchronize, AnswerOfCall, store::RecordBatch, engine::RecordsHeld> content;
    friend bool operator>(const Message& a, const Message& b) {
      return std::tie(a.time, a.order) > std::tie(b.time, b.order);
    }
  };

  bool Chance(double probability) { return std::uniform_real_distribution<>(0, 1)(random_) < probability; }
  void Step();
  void Send(const std::string& worker, decltype(Message::content) content);
  void Deliver();
  void RunCoordinator();
  void Commit(engine::Changes changes);
  void StartCoordinator();
  void CompareWithReloaded();
  void Submit();
  void Disturb();
  void CheckInvariants();
  bool AllEnded() const;

  WorldOptions options_;
  std::mt19937_64 random_;
  engine::Options engine_options_;
  Time now_{};
  bool faults_ = true;
  uint64_t order_ = 0;
  std::priority_queue<Message, std::vector<Message>, std::greater<>> network_;
  std::map<std::string, SimulatedWorker> workers_;
  std::unique_ptr<store::StateStore> state_;
  std::unique_ptr<store::MetricsStore> metrics_;
  std::unique_ptr<engine::Engine> engine_;  // null while the coordinator is down
  Time down_until_{};
  std::map<std::string, Time> cut_off_until_;        // by worker
  std::vector<Message> inbox_;                       // of the coordinator, in order of arrival
  std::map<JobName, domain::JobStatus> jobs_;        // as committed
  std::map<AttemptName, domain::Attempt> attempts_;  // as committed
  int submitted_ = 0;
};

// What a worker's trainer records at a step; attempts of one job agree.
double ValueOf(const JobName& job, int64_t step);

inline constexpr int64_t kSteps = 30;

}  // namespace optfleet::simulation
