// A run directory as docs/run-directory.md describes it, with what a power cut leaves of it: a document or a
// checkpoint that was renamed into place is seen at once, and is there for good after the folder's fsync; of
// the metrics log the records up to the last fsync stay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/rundir/documents.h"
#include "tests/coordinator/simulation/context.h"
#include "worker/engine/conclusion.h"
#include "worker/engine/record_batch.h"

namespace optfleet::simulation {

// What a trainer records for a step of a job: attempts of one job agree.
double ValueOf(const std::string& job, int64_t step);

template <typename T>
struct OnDisk {
  T value;
  bool durable = false;
};

struct SimulatedCheckpoint {
  int64_t step = 0;
  int64_t record = 0;
};

struct SimulatedRecord {
  int64_t step = 0;
  Time time;
  double loss = 0;
};

// The processes of one attempt. `life` rises with each launch: events of an earlier one do nothing.
struct Processes {
  bool shim = false;
  bool trainer = false;
  bool socket = false;  // the trainer listens
  bool frozen = false;  // SIGSTOP
  int64_t life = 0;
  int64_t step = 0;
  std::optional<Outcome> stop;
  std::string stop_reason;
  bool stop_with_checkpoint = false;
  Time last_log_sync;

  void AllGone() {
    const int64_t next = life + 1;
    *this = Processes();
    life = next;
  }
};

class RunDirectory {
 public:
  RunDirectory(std::string folder, rundir::JobDocument job, bool resumes_durably);

  const rundir::JobDocument& job() const { return job_; }
  const std::string& folder() const { return folder_; }
  // The resource name of the job.
  std::string job_resource() const;
  // Whether the checkpoint to resume from was on disk for good when the folder was made.
  bool resumes_durably() const { return resumes_durably_; }

  Processes processes;
  bool began = false;  // a trainer was ever let go in it: what is true, not what is on disk
  std::optional<OnDisk<rundir::StartedDocument>> started;
  std::optional<OnDisk<rundir::ResultDocument>> result;
  std::optional<OnDisk<rundir::ExitDocument>> exit;
  std::vector<OnDisk<SimulatedCheckpoint>> checkpoints;  // ascending
  std::vector<SimulatedRecord> log;
  size_t log_durable = 0;

  // What a scan in boot `boot_id` finds. Kept until Changed() is called.
  worker::DirectoryFactsPtr Facts(const std::string& boot_id);
  void Changed() { facts_ = nullptr; }
  // Records behind number `after`, at most `most`.
  worker::RecordBatch Read(int64_t after, size_t most) const;

  // All processes are gone, and of what was not synced chance decides.
  void CutPower(Dice* dice);
  // Files of a removal that was not synced come back, each by chance.
  void ComeBack(Dice* dice);

 private:
  std::string folder_;
  rundir::JobDocument job_;
  bool resumes_durably_;
  worker::DirectoryFactsPtr facts_;
};

}  // namespace optfleet::simulation
