// What the services need of the process that they run in. The process implements it (coordinator/app);
// nothing here blocks, so that a service may be called on any thread of gRPC or HTTP.
//
// Every function may be called from any thread. A false means that a bounded queue is full: nothing was and
// nothing will be done, and the callback is dropped. After a true the callback runs exactly once, on another
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "coordinator/engine/effects.h"
#include "coordinator/engine/inputs.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/read_store.h"

namespace optfleet::rpc {

struct SystemInfo {
  int64_t incarnation = 0;
  std::string http_address;
  Time start_time;
};

class Backend {
 public:
  using OnAnswer = std::function<void(engine::Answer)>;
  using OnHeld = std::function<void(Result<std::vector<engine::RecordsHeld>>)>;

  virtual ~Backend() = default;

  // Gives an input to the engine. What goes on with a sweep or extension that has begun (AddPoints,
  // FinishSweep, AbandonSweep) is taken by a full queue too, since the sweep must not stay half written; its
  // sender waits for the answer before it sends the next. The callback gets its answer after the rows are
  // committed; an Error of code UNAVAILABLE if the process stops before that (the input then may or may not
  // have been carried out).
  virtual bool Post(engine::Input input, OnAnswer on_answer) = 0;

  // Runs `read` on a reading thread with that thread's store.
  virtual bool Read(std::function<void(store::ReadStore&)> read) = 0;

  // Runs long work that touches nothing shared.
  virtual bool Work(std::function<void()> work) = 0;

  // Commits records and tells the engine. RESOURCE_EXHAUSTED while the disk takes none.
  virtual bool Append(std::vector<store::RecordBatch> batches, OnHeld on_held) = 0;

  // What a worker's clock said when it sent the message that has just arrived.
  virtual void NoteClock(const std::string& worker, Time theirs) = 0;

  virtual SystemInfo info() const = 0;

  virtual Time Now() const = 0;  // of this machine's clock
};

}  // namespace optfleet::rpc
