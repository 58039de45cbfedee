#include "tests/optctl/fixture.h"

#include <ctime>

#include "spec/canonical.h"
#include "spec/resolve.h"

namespace optfleet::commands {
namespace {

using google::protobuf::Timestamp;

constexpr const char* kProcessor = "AMD EPYC 7B13";

// Ages are counted from the real clock, so moments are given as distances from it.
void SetAgo(Timestamp* time, int64_t seconds) { time->set_seconds(std::time(nullptr) - seconds); }

void AddFigure(google::protobuf::RepeatedPtrField<v1::Figure>* figures, const char* key, double value) {
  v1::Figure& figure = *figures->Add();
  figure.set_key(key);
  figure.set_value(value);
}

void AddParameter(v1::Job& job, const char* key, const char* value) {
  v1::Parameter& parameter = *job.add_parameters();
  parameter.set_key(key);
  parameter.set_value(value);
}

v1::Job NewJob(const std::string& sweep, int number, const char* optimizer, const char* rate) {
  v1::Job job;
  job.set_name("sweeps/" + sweep + "/jobs/" + std::to_string(number));
  job.set_state(v1::Job::STATE_QUEUED);
  job.set_total_steps(200);
  AddParameter(job, "optimizer.name", optimizer);
  AddParameter(job, "optimizer.learning_rate", rate);
  job.set_spec_json(std::string(R"({"optimizer":{"name":")") + optimizer + R"(","learning_rate":)" + rate +
                    "}}");
  job.set_spec_hash(std::string(63, 'a') + std::to_string(number));
  SetAgo(job.mutable_create_time(), 600);
  return job;
}

void End(v1::Job& job, v1::Outcome outcome, int64_t step, const char* reason = "") {
  job.set_state(v1::Job::STATE_ENDED);
  job.set_outcome(outcome);
  job.set_reason(reason);
  job.set_step(step);
  job.set_attempt_count(1);
  SetAgo(job.mutable_start_time(), 590);
  SetAgo(job.mutable_end_time(), 550);
}

v1::Job Succeeded(int number, const char* optimizer, const char* rate, double loss) {
  v1::Job job = NewJob("lr", number, optimizer, rate);
  End(job, v1::OUTCOME_SUCCEEDED, 200);
  AddFigure(job.mutable_latest(), "loss", loss + 0.1);
  AddFigure(job.mutable_final(), "val_loss", loss);
  AddFigure(job.mutable_final(), "val_perplexity", 6.5);
  AddFigure(job.mutable_final(), "val_bits_per_byte", loss / 0.6931471805599453);
  AddFigure(job.mutable_final(), "tokens_per_second", 24000 + number);
  AddFigure(job.mutable_final(), "peak_memory_bytes", 104857600);
  AddFigure(job.mutable_final(), "train_seconds", 40);
  return job;
}

void AddCount(v1::Sweep& sweep, const char* state, int count) {
  v1::StateCount& entry = *sweep.add_counts();
  entry.set_state(state);
  entry.set_count(count);
}

v1::Sweep NewSweep(const char* id, v1::Sweep::State state, int jobs) {
  v1::Sweep sweep;
  sweep.set_name(std::string("sweeps/") + id);
  sweep.set_display_name(id);
  sweep.set_state(state);
  sweep.set_job_count(jobs);
  sweep.set_objective("val_loss");
  sweep.set_direction(v1::DIRECTION_MINIMIZE);
  sweep.add_axes("optimizer.name");
  sweep.add_axes("optimizer.learning_rate");
  v1::SourceFile& file = *sweep.add_files();
  file.set_path(std::string(id) + ".yaml");
  file.set_text("description: which rate\n");
  SetAgo(sweep.mutable_create_time(), 600);
  return sweep;
}

v1::Worker NewWorker(const char* id, v1::Worker::State state, int64_t seen) {
  v1::Worker worker;
  worker.set_name(std::string("workers/") + id);
  worker.set_state(state);
  worker.set_host(std::string(id) + ".example");
  worker.set_version("0.1.0");
  SetAgo(worker.mutable_last_seen_time(), seen);
  return worker;
}

void AddLrSweep(FakeData& data) {
  v1::Sweep lr = NewSweep("lr", v1::Sweep::STATE_ENDED, 8);
  AddCount(lr, "succeeded", 6);
  AddCount(lr, "out_of_memory", 1);
  AddCount(lr, "diverged", 1);
  lr.set_best_job("sweeps/lr/jobs/7");
  for (int round = 1; round <= 3; ++round) {
    v1::Stage& stage = *lr.add_stages();
    stage.set_name("rates");
    stage.set_round(round);
    stage.set_begun(round <= 2);
  }
  lr.mutable_stages(0)->set_base("best(batch)");
  lr.mutable_stages(0)->add_from_jobs("sweeps/lr/jobs/1");
  lr.add_stages()->set_name("seeds");
  lr.mutable_stages(3)->set_base("best(rates)");
  lr.set_progress(1);
  lr.set_device_hours(0.4375);
  lr.mutable_guard()->mutable_diverged()->set_share(0.5);
  lr.mutable_guard()->set_after_jobs(10);
  lr.mutable_guard()->set_device_hours(2);
  lr.add_rules(
      "guard: the sweep pauses once more than 50% of at least 10 ended jobs have diverged, or after 2 device "
      "hours");
  SetAgo(lr.mutable_end_time(), 429);
  data.sweeps.push_back(lr);
  data.jobs.push_back(Succeeded(1, "sgd", "0.1", 2.512));
  data.jobs.push_back(Succeeded(2, "sgd", "0.3", 2.304));
  data.jobs.push_back(Succeeded(3, "sgd", "1.0", 2.151));
  v1::Job diverged = NewJob("lr", 4, "adamw", "3e-2");
  End(diverged, v1::OUTCOME_DIVERGED, 17, "the loss became NaN at step 17");
  AddFigure(diverged.mutable_latest(), "loss", std::numeric_limits<double>::quiet_NaN());
  data.jobs.push_back(diverged);
  v1::Job too_big = NewJob("lr", 5, "adamw", "3e-4");
  End(too_big, v1::OUTCOME_OUT_OF_MEMORY, 1, "2.1 GiB were needed, the slot has 2.0 GiB");
  AddFigure(too_big.mutable_final(), "peak_memory_bytes", 2147483648.0);
  data.jobs.push_back(too_big);
  data.jobs.push_back(Succeeded(6, "adamw", "1e-3", 1.993));
  data.jobs.push_back(Succeeded(7, "adamw", "3e-3", 1.874));
  data.jobs.push_back(Succeeded(8, "adamw", "1e-2", 2.047));
}

void AddSizesSweep(FakeData& data) {
  v1::Sweep sizes = NewSweep("sizes", v1::Sweep::STATE_ACTIVE, 2);
  AddCount(sizes, "queued", 1);
  AddCount(sizes, "running", 1);
  sizes.set_progress(0.3);
  data.sweeps.push_back(sizes);
  v1::Job running = NewJob("sizes", 1, "adamw", "3e-3");
  running.set_state(v1::Job::STATE_RUNNING);
  running.set_step(120);
  running.set_attempt_count(2);
  running.set_worker("workers/local");
  AddFigure(running.mutable_latest(), "loss", 2.1043);
  SetAgo(running.mutable_start_time(), 300);
  data.jobs.push_back(running);
  v1::Job queued = NewJob("sizes", 2, "adamw", "1e-2");
  queued.set_reason("waits for a slot: 1 of 1 CPU slots is taken");
  data.jobs.push_back(queued);
}

void AddAttempts(FakeData& data) {
  v1::Attempt first;
  first.set_name("sweeps/sizes/jobs/1/attempts/1");
  first.set_state(v1::Attempt::STATE_ENDED);
  first.set_outcome(v1::OUTCOME_LOST);
  first.set_reason("gpu01 was not heard of for 10:00");
  first.set_worker("workers/gpu01");
  first.add_slots(0);
  first.set_step(104);
  first.set_held_record(104);
  first.mutable_fence()->set_incarnation(1);
  first.mutable_fence()->set_attempt(1);
  SetAgo(first.mutable_create_time(), 590);
  SetAgo(first.mutable_start_time(), 580);
  SetAgo(first.mutable_end_time(), 310);
  v1::Attempt second = first;
  second.set_name("sweeps/sizes/jobs/1/attempts/2");
  second.set_state(v1::Attempt::STATE_RUNNING);
  second.set_outcome(v1::OUTCOME_UNSPECIFIED);
  second.set_reason("");
  second.set_worker("workers/local");
  second.set_parent(first.name());
  second.set_resume_step(100);
  second.set_step(120);
  second.set_held_record(120);
  second.set_trainer_pid(4711);
  second.set_run_directory("/var/lib/optfleet/sweeps-sizes-jobs-1-attempts-2.1");
  second.mutable_fence()->set_attempt(2);
  second.clear_end_time();
  SetAgo(second.mutable_create_time(), 305);
  SetAgo(second.mutable_start_time(), 300);
  SetAgo(second.mutable_lease_time(), -500);
  data.logs[first.name()] = "step 104 loss 2.2\n";
  data.logs[second.name()] = "resumed at step 100\nstep 120 loss 2.1043\n";
  data.attempts = {first, second};
}

void AddWorkers(FakeData& data) {
  v1::Worker gone = NewWorker("gpu01", v1::Worker::STATE_UNREACHABLE, 900);
  v1::Slot& gpu = *gone.add_slots();
  gpu.set_kind(v1::Slot::KIND_GPU);
  gpu.set_model("NVIDIA H100 80GB HBM3");
  gpu.set_device_uuid("GPU-0badcafe");
  gpu.set_memory_bytes(85899345920);
  v1::Worker local = NewWorker("local", v1::Worker::STATE_READY, -60);
  v1::Slot& cpu = *local.add_slots();
  cpu.set_kind(v1::Slot::KIND_CPU);
  cpu.set_threads(1);
  cpu.set_model(kProcessor);
  cpu.set_memory_bytes(4294967296);
  local.add_attempts("sweeps/sizes/jobs/1/attempts/2");
  data.workers = {gone, local};
}

// A job like those of tests/optctl/data/good.yaml with adamw: 256 steps of 10 ms, and 2 s beside.
v1::Measurement NewMeasurement() {
  spec::TrainingSpec spec;
  spec.model.layers = 2;
  spec.model.width = 32;
  spec.model.heads = 2;
  spec.data.path = "text.txt";
  spec.data.sequence_length = 32;
  spec.training.batch_size = 8;
  spec.budget.steps = 256;
  spec::Resolve(&spec);
  v1::Measurement measurement;
  measurement.set_job("sweeps/lr/jobs/7");
  measurement.set_spec_json(spec::CanonicalText(spec));
  measurement.set_device(v1::Slot::KIND_CPU);
  measurement.set_model(kProcessor);
  measurement.set_threads(1);
  measurement.set_slots(1);
  measurement.set_steps(256);
  measurement.set_train_seconds(2.56);
  measurement.set_validation_seconds(0.5);
  measurement.set_held_seconds(5.06);
  return measurement;
}

v1::Checkpoint NewCheckpoint(int job, int64_t step, double val_loss) {
  v1::Checkpoint checkpoint;
  checkpoint.set_name("sweeps/lr/jobs/" + std::to_string(job) + "/attempts/1/checkpoints/" +
                      std::to_string(step));
  checkpoint.set_state(v1::Checkpoint::STATE_KEPT);
  checkpoint.set_worker("workers/gpu01");
  checkpoint.set_path("/var/lib/optfleet/kept/sweeps-lr-jobs-" + std::to_string(job) +
                      "-attempts-1.1/step-000000000" + std::to_string(step));
  checkpoint.set_step(step);
  if (val_loss > 0) checkpoint.set_val_loss(val_loss);
  checkpoint.set_bytes(1'500'000);
  return checkpoint;
}

// Job 2 keeps two, one of them pinned; that of job 3 is being deleted.
void AddCheckpoints(FakeData& data) {
  data.checkpoints = {NewCheckpoint(2, 100, 0), NewCheckpoint(2, 200, 1.874), NewCheckpoint(3, 200, 2.5)};
  data.checkpoints[1].set_pinned(true);
  data.checkpoints[2].set_state(v1::Checkpoint::STATE_DELETING);
  for (v1::Sweep& sweep : data.sweeps) {
    if (sweep.name() != "sweeps/lr") continue;
    sweep.mutable_keep_checkpoints()->set_best_jobs(2);
    sweep.mutable_keep_checkpoints()->set_last(2);
  }
}

}  // namespace

FakeData FrozenCluster() {
  FakeData data;
  AddSizesSweep(data);
  AddLrSweep(data);
  AddAttempts(data);
  AddWorkers(data);
  AddCheckpoints(data);
  data.measurements = {NewMeasurement()};
  data.series.set_key("loss");
  for (int i = 1; i <= 4; ++i) {
    data.series.add_steps(i);
    data.series.add_last(3.0 / i);
    data.series.add_time_us(1'700'000'000'000'000 + i);
  }
  return data;
}

std::vector<FakeData> MovingSweep() {
  std::vector<FakeData> stages(4);
  for (size_t stage = 0; stage < stages.size(); ++stage) {
    FakeData& data = stages[stage];
    v1::Sweep sweep = NewSweep("lr", stage == 3 ? v1::Sweep::STATE_ENDED : v1::Sweep::STATE_ACTIVE, 2);
    v1::Job first = NewJob("lr", 1, "adamw", "1e-3");
    v1::Job second = NewJob("lr", 2, "adamw", "10");
    if (stage == 1) first.set_state(v1::Job::STATE_RUNNING);
    if (stage >= 2) first = Succeeded(1, "adamw", "1e-3", 1.993);
    if (stage == 2) second.set_state(v1::Job::STATE_RUNNING);
    if (stage == 3) {
      End(second, v1::OUTCOME_FAILED, 17, "killed by signal 9 (SIGKILL)");
      SetAgo(sweep.mutable_end_time(), 429);
      AddCount(sweep, "succeeded", 1);
      AddCount(sweep, "failed", 1);
      sweep.set_best_job(first.name());
    }
    data.sweeps = {sweep};
    data.jobs = {first, second};
  }
  return stages;
}

}  // namespace optfleet::commands
