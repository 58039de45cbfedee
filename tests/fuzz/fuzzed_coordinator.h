// A coordinator for one conversation: shipping handlers, engine and stores, on SQLite in memory, in one
// thread and with a clock that is moved by hand. Every commit is checked to succeed, every state to agree
// with itself, every call to be answered once; in the end what was written must make a coordinator again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/engine/engine.h"
#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/method_table.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/read_store.h"
#include "coordinator/store/state_store.h"
#include "tests/fuzz/conversation.h"
#include "tests/support/fault_vfs.h"

namespace optfleet::fuzz {

// Bytes of files by their names: what a coordinator left.
using Files = std::map<std::string, std::string>;

class FuzzedCoordinator final : public rpc::Backend {
 public:
  explicit FuzzedCoordinator(const Files& files);
  ~FuzzedCoordinator() override;

  // Checks all that is said above; a body that is no request is left out.
  void Take(const WireCall& call);
  // As after a crash: what was committed is read again.
  void Restart();
  // Ends it in order.
  Files Close();

  bool Post(engine::Input input, OnAnswer on_answer) override;
  bool Read(std::function<void(store::ReadStore&)> read) override;
  bool Work(std::function<void()> work) override;
  bool Append(std::vector<store::RecordBatch> batches, OnHeld on_held) override;
  void NoteClock(const std::string&, Time) override {}
  rpc::SystemInfo info() const override { return {1, "127.0.0.1:1", {}}; }
  Time Now() const override { return {}; }

 private:
  void Open();
  engine::Answer Handle(engine::Input input);
  void AddSpecs(engine::Answer* answer);
  void TakeRequest(const MethodInfo& method, const std::string& body);
  void TakeJson(const MethodInfo& method, const std::string& body);

  Time now_;
  simulation::SimulatedDisk disk_;
  std::unique_ptr<simulation::FaultVfs> vfs_;
  rpc::MethodTable methods_;
  std::unique_ptr<store::StateStore> state_;
  std::unique_ptr<store::MetricsStore> metrics_;
  std::unique_ptr<store::ReadStore> reader_;
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace optfleet::fuzz
