#include "coordinator/rpc/reuse.h"

#include <future>
#include <limits>
#include <memory>

#include "common/version.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/reply.h"
#include "spec/fields.h"

namespace optfleet::rpc {
namespace {

// Waits for a read.
template <typename T>
Result<T> ReadNow(Backend* backend, std::function<Result<T>(store::ReadStore&)> read) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto answer = promise->get_future();
  const bool taken = backend->Read(
      [promise, read = std::move(read)](store::ReadStore& store) { promise->set_value(read(store)); });
  if (!taken)
    return Fail(Code::kResourceExhausted, "the coordinator takes no more reads; repeat the call later");
  return answer.get();
}

struct Overview {
  std::vector<store::HashedJob> jobs;
  std::vector<store::WorkerView> workers;
};

Result<Overview> ReadOverview(store::ReadStore& store) {
  auto jobs = store.ListSucceededJobs();
  if (!jobs) return Fail(std::move(jobs).error());
  auto workers = store.ListWorkers("", std::numeric_limits<int32_t>::max());
  if (!workers) return Fail(std::move(workers).error());
  return Overview{*std::move(jobs), *std::move(workers)};
}

// Models of the slots of all workers that have not left; where all have left (`optctl run` between two runs),
// of all of them.
std::set<std::string> DevicesOf(const std::vector<store::WorkerView>& workers) {
  std::set<std::string> here, gone;
  for (const store::WorkerView& view : workers)
    for (const domain::Slot& slot : view.worker.slots)
      (view.worker.state == domain::WorkerState::kGone ? gone : here).insert(slot.model);
  return here.empty() ? gone : here;
}

// The first that may be taken over, preferably with all its figures; else the first.
std::optional<FinishedJobs::Equal> Best(const std::vector<const store::SucceededJob*>& candidates,
                                        const domain::WantedGround& wanted) {
  std::optional<FinishedJobs::Equal> best;
  bool best_is_same_device = false;
  for (const store::SucceededJob* job : candidates) {
    const std::string obstacle = WhyNotTakenOver(job->ground, wanted).value_or("");
    const bool same_device = SameDevice(job->ground, wanted);
    const bool better =
        !best || (obstacle.empty() && (!best->obstacle.empty() || (same_device && !best_is_same_device)));
    if (!better) continue;
    best = FinishedJobs::Equal{{job->name, job->step, domain::FiguresTakenOver(job->final, same_device)},
                               obstacle};
    best_is_same_device = same_device;
  }
  return best;
}

}  // namespace

RpcResult<FileStamps> FromWire(const WireStamps& wire) {
  if (wire.size() > kMaxFileStamps)
    return tl::make_unexpected(
        BadField("file_stamps", "must have at most " + std::to_string(kMaxFileStamps) + " entries"));
  FileStamps stamps;
  for (const v1::FileStamp& stamp : wire) {
    for (const std::string* text : {&stamp.key(), &stamp.path(), &stamp.stamp()})
      if (auto bad = CheckText("file_stamps", *text, kMaxTextBytes))
        return tl::make_unexpected(*std::move(bad));
    stamps[{stamp.key(), stamp.path()}] = stamp.stamp();
  }
  return stamps;
}

Result<FinishedJobs> FinishedJobs::Read(Backend* backend, FileStamps stamps) {
  auto overview = ReadNow<Overview>(backend, &ReadOverview);
  if (!overview) return Fail(std::move(overview).error());
  FinishedJobs finished(backend, std::move(stamps));
  for (store::HashedJob& job : overview->jobs)
    finished.by_hash_[std::move(job.spec_hash)].push_back(job.name);
  finished.workers_ = std::move(overview->workers);
  finished.devices_ = DevicesOf(finished.workers_);
  return finished;
}

Result<std::vector<std::optional<FinishedJobs::Equal>>> FinishedJobs::EqualsOf(
    const std::vector<sweeps::Job>& jobs) {
  std::vector<JobName> names;
  for (const sweeps::Job& job : jobs)
    if (const auto found = by_hash_.find(job.hash); found != by_hash_.end())
      names.insert(names.end(), found->second.begin(), found->second.end());
  std::vector<std::optional<Equal>> equals(jobs.size());
  if (names.empty()) return equals;
  const auto finished = ReadNow<std::vector<store::SucceededJob>>(
      backend_, [&](store::ReadStore& store) { return store.GetSucceededJobs(names); });
  if (!finished) return Fail(finished.error());
  std::map<JobName, const store::SucceededJob*> by_name;
  for (const store::SucceededJob& job : *finished) by_name[job.name] = &job;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const auto found = by_hash_.find(jobs[i].hash);
    if (found == by_hash_.end()) continue;
    std::vector<const store::SucceededJob*> candidates;
    for (const JobName& name : found->second)
      if (const auto job = by_name.find(name); job != by_name.end()) candidates.push_back(job->second);
    equals[i] = Best(candidates, GroundOf(jobs[i].spec));
  }
  return equals;
}

Status FinishedJobs::TakeOver(const std::vector<sweeps::Job>& jobs, std::vector<engine::Point>* points) {
  auto equals = EqualsOf(jobs);
  if (!equals) return Fail(std::move(equals).error());
  for (size_t i = 0; i < equals->size(); ++i) {
    std::optional<Equal>& equal = (*equals)[i];
    if (equal && equal->obstacle.empty()) (*points)[i].taken_over = std::move(equal->outcome);
  }
  return {};
}

domain::WantedGround FinishedJobs::GroundOf(const spec::TrainingSpec& spec) const {
  domain::WantedGround ground;
  ground.numerics_version = kNumericsVersion;
  ground.ends_by_time = spec.budget.seconds > 0;
  ground.devices = devices_;
  for (const std::string_view key : spec::FileKeys()) {
    const auto path = std::get<std::string>(spec::FindField(key)->get(spec));
    if (!spec::NamesFile(key, path)) continue;
    const auto stamp = stamps_.find({std::string(key), path});
    ground.files[std::string(key)] = stamp == stamps_.end() ? std::nullopt : std::optional(stamp->second);
  }
  return ground;
}

}  // namespace optfleet::rpc
