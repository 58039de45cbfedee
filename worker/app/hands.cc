#include "worker/app/hands.h"

#include <boost/asio/post.hpp>

#include "common/log.h"
#include "worker/process/control_client.h"
#include "worker/process/folder_work.h"

namespace optfleet::worker {

using Work = FolderWorkDone::Work;

Hands::Hands(std::string root, LaunchOptions launch, Post post)
    : root_(std::move(root)), launcher_(std::move(launch)), kept_(root_), post_(std::move(post)) {}

Hands::~Hands() { threads_.join(); }

void Hands::Run(std::function<void()> work) {
  ++waiting_;
  boost::asio::post(threads_, [this, work = std::move(work)] {
    --waiting_;
    work();
  });
}

void Hands::Do(const PrepareAndLaunch& effect) {
  Run([this, effect] {
    const AttemptKey key{effect.job.attempt, effect.job.fence};
    const auto prepared = Prepare(root_, effect.job, effect.parent);
    if (!prepared) return Done(key, Work::kLaunch, Fail(prepared.error()));
    for (const auto& damaged : prepared->damaged)
      Log(Level::kWarn, "checkpoint.damaged", {{"attempt", effect.parent->attempt}, {"checkpoint", damaged}});
    const auto& resume = prepared->job.resume;
    Log(Level::kInfo, "attempt.prepared",
        {{"attempt", key.attempt},
         {"slot", effect.job.slot.index},
         {"resume_step", resume ? resume->step : 0}});
    Done(key, Work::kLaunch, launcher_.Launch(prepared->folder, prepared->job.slot));
  });
}

void Hands::Do(const Launch& effect) {
  Run([this, effect] {
    Done({effect.job.attempt, effect.job.fence}, Work::kLaunch,
         launcher_.Launch(effect.folder, effect.job.slot));
  });
}

void Hands::Do(const AskToStop& effect) {
  Run([this, effect] {
    const auto status = SendStop(effect.folder, effect.order);
    if (!status)
      Log(Level::kDebug, "attempt.ask",
          {{"attempt", effect.key.attempt}, {"error", status.error().message()}});
    post_(StopAnswered{effect.key, status.has_value()});
  });
}

void Hands::Do(const Prune& effect) {
  Run([this, effect] { Done(effect.key, Work::kPrune, PruneFolder(effect.folder)); });
}

void Hands::Do(const Remove& effect) {
  Run([this, effect] { Done(effect.key, Work::kRemove, RemoveFolder(effect.folder)); });
}

void Hands::Do(const ScanKept&) {
  Run([this] { post_(KeptScanned{KeptFolder(root_), kept_.Scan()}); });
}

void Hands::Do(const DeleteKeptCheckpoint& effect) {
  Run([this, effect] {
    const Status status = DeleteKept(root_, effect.name);
    post_(KeptDeleted{effect.name, status ? "" : status.error().message()});
  });
}

void Hands::Done(const AttemptKey& key, Work work, const Status& status) {
  post_(FolderWorkDone{key, work, status ? "" : status.error().message()});
}

}  // namespace optfleet::worker
