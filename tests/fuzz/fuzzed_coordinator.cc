#include "tests/fuzz/fuzzed_coordinator.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/json.h"
#include "coordinator/engine/invariants.h"
#include "coordinator/rpc/connect.h"
#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/store/open_stores.h"
#include "optfleet/v1/operator.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/grid_bound.h"
#include "tests/fuzz/make_conversations.h"

namespace optfleet::fuzz {
namespace {

constexpr const char* kFolder = "state";
constexpr const char* kVfs = "fuzz";
constexpr std::array kFiles = {"state/state.db", "state/metrics.db"};
constexpr int64_t kMostPoints = 600;  // a large sweep comes in parts of 500

// From milliseconds to a week.
Duration TimeOf(uint8_t byte) { return Duration(int64_t{1} << (byte % 40U)); }

template <typename T>
T Good(Result<T> result, const char* what) {
  Check(result.has_value(), std::string(what) + ": " + (result ? "" : result.error().message()));
  return *std::move(result);
}

void Good(const Status& status, const char* what) {
  Check(status.has_value(), std::string(what) + ": " + (status ? "" : status.error().message()));
}

// Large grids are allowed and only take longer.
template <typename Request>
bool IsLarge(const google::protobuf::Message& message) {
  const auto* request = dynamic_cast<const Request*>(&message);
  if (request == nullptr) return false;
  const auto input = rpc::FromWire(request->sweep());
  return input && MostPointsOf(*input) > kMostPoints;
}

bool TakesLong(const google::protobuf::Message& request) {
  return IsLarge<v1::CreateSweepRequest>(request) || IsLarge<v1::ExtendSweepRequest>(request);
}

// What no caller's message may lead to.
bool IsOurFault(Code code) {
  return code == Code::kInternal || code == Code::kDataLoss || code == Code::kUnknown;
}

}  // namespace

FuzzedCoordinator::FuzzedCoordinator(const Files& files)
    : now_(std::chrono::seconds(kBegin)),
      disk_(1),
      vfs_(std::make_unique<simulation::FaultVfs>(kVfs, &disk_, [this] { return now_; })),
      methods_([](std::string_view, std::string_view, double) {}) {
  rpc::AddMethods(&methods_, this);
  for (const auto& [name, bytes] : files) {
    simulation::SimulatedDisk::FilePtr file;
    disk_.Create(name, &file);
    disk_.Write(file.get(), 0, bytes);
  }
  Open();
}

FuzzedCoordinator::~FuzzedCoordinator() { disk_.Kill(); }

void FuzzedCoordinator::Open() {
  auto stores = Good(store::OpenStores({.folder = kFolder, .file_system_type = {}, .vfs = kVfs}),
                     "the databases cannot be opened");
  state_ = std::move(stores.state);
  metrics_ = std::move(stores.metrics);
  reader_ = Good(store::ReadStore::Open(kFolder, kVfs), "a reader cannot open the databases");
  engine_ = Good(engine::Engine::Create({}, std::move(stores.saved), now_), "what was written is no state");
}

void FuzzedCoordinator::Restart() {
  disk_.Kill();
  engine_.reset();
  reader_.reset();
  metrics_.reset();
  state_.reset();
  Open();
}

Files FuzzedCoordinator::Close() {
  engine_.reset();
  reader_.reset();
  metrics_.reset();
  state_.reset();
  Files files;
  for (const char* name : kFiles) {
    const auto file = disk_.Find(name);
    Check(file != nullptr, std::string(name) + " is missing");
    files[name] = file->bytes;
  }
  return files;
}

engine::Answer FuzzedCoordinator::Handle(engine::Input input) {
  engine::Effects effects = engine_->Handle(std::move(input), now_);
  const auto violations = engine::Violations(engine_->state());
  Check(violations.empty(), violations.empty() ? "" : violations.front());
  if (!effects.changes.empty()) Good(state_->Commit(effects.changes), "changes cannot be written");
  Good(metrics_->Link(effects.changes.attempts), "attempts cannot be linked");
  return std::move(effects.answer);
}

// As EngineLoop.
void FuzzedCoordinator::AddSpecs(engine::Answer* answer) {
  auto* synchronized = std::get_if<engine::SynchronizeAnswer>(answer);
  if (synchronized == nullptr) return;
  for (engine::DesiredAttempt& desired : synchronized->attempts)
    if (desired.with_spec)
      desired.spec_json = Good(state_->SpecOf(desired.attempt.job), "a job that shall run has no spec");
}

bool FuzzedCoordinator::Post(engine::Input input, OnAnswer on_answer) {
  engine::Answer answer = Handle(std::move(input));
  AddSpecs(&answer);
  on_answer(std::move(answer));
  return true;
}

bool FuzzedCoordinator::Read(std::function<void(store::ReadStore&)> read) {
  read(*reader_);
  return true;
}

bool FuzzedCoordinator::Work(std::function<void()> work) {
  work();
  return true;
}

bool FuzzedCoordinator::Append(std::vector<store::RecordBatch> batches, OnHeld on_held) {
  const auto held = Good(metrics_->Append(batches), "records cannot be written");
  for (const engine::RecordsHeld& entry : held)
    if (entry.record > 0) Handle(entry);
  on_held(held);
  return true;
}

void FuzzedCoordinator::Take(const WireCall& call) {
  now_ += TimeOf(call.time);
  for (int i = 0; i < 3 && engine_->next_tick() <= now_; ++i) Handle(engine::Tick{});
  const MethodInfo& method = Methods()[call.method];
  if (call.as_json) return TakeJson(method, call.body);
  TakeRequest(method, call.body);
}

void FuzzedCoordinator::TakeRequest(const MethodInfo& method, const std::string& body) {
  const std::unique_ptr<google::protobuf::Message> request(method.prototype->New());
  if (!request->ParseFromString(body) || TakesLong(*request)) return;
  const auto* known = methods_.Find(method.path);
  Check(known != nullptr, method.path + " is served by nobody");
  const std::unique_ptr<google::protobuf::Message> response(known->response->New());
  int answers = 0;
  methods_.Call(method.path, *request, response.get(), [&](const std::optional<rpc::RpcError>& error) {
    ++answers;
    if (error) Check(!IsOurFault(error->code), method.path + ": " + error->message);
    if (error) Check(!error->message.empty(), method.path + " fails without words");
  });
  Check(answers == 1, method.path + " gave " + std::to_string(answers) + " answers");
}

void FuzzedCoordinator::TakeJson(const MethodInfo& method, const std::string& body) {
  if (!rpc::IsJsonMethod(methods_, method.path)) return;
  int answers = 0;
  rpc::CallJson(methods_, method.path, body, [&](const rpc::JsonAnswer& answer) {
    ++answers;
    Check(answer.http_status != 500, method.path + ": " + answer.body);
    Check(Json::accept(answer.body), method.path + " answers with what is no JSON: " + answer.body);
  });
  Check(answers == 1, method.path + " gave " + std::to_string(answers) + " answers");
}

}  // namespace optfleet::fuzz
