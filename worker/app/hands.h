// Does the engine's slow effects on threads of its own: disk, control sockets, starting processes. Results
// come back through `post`, on the owner's thread. What waits is bounded by the engine: it asks for one thing
// at a time of an attempt and of a checkpoint.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <string>

#include "worker/engine/engine.h"
#include "worker/process/kept_folder.h"
#include "worker/process/launcher.h"

namespace optfleet::worker {

class Hands {
 public:
  using Post = std::function<void(Input)>;  // from any thread

  Hands(std::string root, LaunchOptions launch, Post post);
  // Waits for what is under way (a stop command takes at most two seconds, a removal as long as the disk).
  ~Hands();

  void Do(const PrepareAndLaunch& effect);
  void Do(const Launch& effect);
  void Do(const AskToStop& effect);
  void Do(const Prune& effect);
  void Do(const Remove& effect);
  void Do(const ScanKept& effect);
  void Do(const DeleteKeptCheckpoint& effect);
  // Anything else that takes its time.
  void Run(std::function<void()> work);

  void Reap() { launcher_.Reap(); }

  // Pieces of work that no thread has begun.
  int waiting() const { return waiting_; }

 private:
  void Done(const AttemptKey& key, FolderWorkDone::Work work, const Status& status);

  const std::string root_;
  Launcher launcher_;
  KeptReader kept_;  // the engine wants one look at a time
  const Post post_;
  std::atomic<int> waiting_ = 0;
  boost::asio::thread_pool threads_{4};  // they wait for the disk, mostly
};

}  // namespace optfleet::worker
