#include "coordinator/app/coordinator.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "common/log.h"
#include "common/names.h"
#include "common/version.h"
#include "coordinator/app/engine_loop.h"
#include "coordinator/app/maintenance.h"
#include "coordinator/app/metrics_writer.h"
#include "coordinator/app/process_backend.h"
#include "coordinator/app/retention.h"
#include "coordinator/app/scrape.h"
#include "coordinator/app/stage_runner.h"
#include "coordinator/app/state_folder.h"
#include "coordinator/http/metrics.h"
#include "coordinator/http/pages.h"
#include "coordinator/rpc/connect.h"
#include "coordinator/rpc/grpc_server.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/store/integrity.h"
#include "coordinator/store/open_stores.h"

namespace optfleet::app {
namespace {

constexpr size_t kReadingThreads = 2;
// Larger ones are read through only when somebody asks.
constexpr int64_t kMostCheckedBytes = int64_t{1} << 30;
constexpr std::chrono::seconds kStopGrace{5};

// Databases as they were opened, and what they held.
struct Stores : store::OpenedStores {
  std::vector<std::unique_ptr<store::ReadStore>> readers;
};

Result<Stores> OpenStores(const std::string& folder) {
  auto opened = store::OpenStores({.folder = folder, .file_system_type = {}});
  if (!opened) return Fail(std::move(opened).error());
  Stores stores{*std::move(opened), {}};
  for (size_t i = 0; i < kReadingThreads; ++i) {
    auto reader = store::ReadStore::Open(folder);
    if (!reader) return Fail(std::move(reader).error());
    stores.readers.push_back(*std::move(reader));
  }
  return stores;
}

// "sweep", "job", "attempt" or "worker": log lines name the thing by its kind. Subjects are resource names
// that this process made, so their depth tells.
std::string_view KindOf(std::string_view subject) {
  if (subject.substr(0, 8) == "workers/") return "worker";
  switch (std::count(subject.begin(), subject.end(), '/')) {
    case 1:
      return "sweep";
    case 3:
      return "job";
    case 5:
      return "attempt";
    default:
      return "subject";
  }
}

void LogEvents(const std::vector<domain::Event>& events) {
  const LogBatch together;
  for (const domain::Event& event : events) {
    const std::string_view kind = KindOf(event.subject);
    Log(Level::kInfo, std::string(kind) + "." + event.what,
        {{kind, event.subject}, {"reason", event.reason}});
  }
}

}  // namespace

// In the order of dependence: later members use earlier ones and are destroyed first.
struct Coordinator::Parts {
  explicit Parts(CoordinatorOptions given)
      : options(std::move(given)), faults(options.faults, options.fault_seed) {}

  void StartThreads(Stores stores, std::unique_ptr<engine::Engine> engine,
                    const std::vector<domain::Attempt>& linked, std::function<void(const Error&)> failed);
  EngineLoopHooks LoopHooks(std::function<void(const Error&)> failed);
  MetricsWriterHooks WriterHooks();
  Status StartRetention();
  Status Listen();
  http::PageSources Pages();
  std::vector<rpc::Queue> Queues() const;
  void MetricsText(const std::function<void(std::string)>& answer);
  // Reads state.db through for damage while everything else goes on.
  void CheckForDamage(const std::function<void(const Error&)>& damaged);
  void Stop();

  CoordinatorOptions options;  // ports are filled in once they are known
  http::Metrics metrics{kVersion};
  StageRunner stages;
  std::unique_ptr<EngineLoop> loop;
  std::unique_ptr<MetricsWriter> writer;
  std::unique_ptr<Retention> retention;
  std::unique_ptr<ProcessBackend> backend;
  std::unique_ptr<MaintenanceThread> maintenance;
  rpc::Faults faults;
  std::unique_ptr<rpc::MethodTable> methods;
  std::unique_ptr<http::Server> http;
  std::unique_ptr<rpc::GrpcServer> grpc;
  std::unique_ptr<store::IntegrityCheck> check;
  std::thread checking;
  bool announced = false;
};

// What a start has not read may be damaged, too, and writing on would make it worse.
void Coordinator::Parts::CheckForDamage(const std::function<void(const Error&)>& damaged) {
  auto opened = store::IntegrityCheck::Open(options.state_folder + "/" + store::kStateFile);
  if (!opened) return Log(Level::kWarn, "state.not_checked", {{"error", opened.error().message()}});
  check = *std::move(opened);
  if (check->bytes() > kMostCheckedBytes) return;
  checking = std::thread([this, damaged] {
    const Status sound = check->Run(store::IntegrityCheck::Depth::kQuick);
    if (!sound && sound.error().code() == Code::kDataLoss) damaged(sound.error());
  });
}

EngineLoopHooks Coordinator::Parts::LoopHooks(std::function<void(const Error&)> failed) {
  return {
      .now = options.now,
      .committed = [this](const std::vector<domain::Attempt>& attempts) { writer->Link(attempts); },
      .watched = [this](const std::map<std::string, std::string>& objectives) { writer->Watch(objectives); },
      .happened = &LogEvents,
      .handled = [this](double seconds) { metrics.EngineLag(seconds); },
      .stored = [this](double seconds) { metrics.Commit("state", seconds); },
      .due = [this](const std::set<std::string>& sweeps) { stages.Due(sweeps); },
      .failed = std::move(failed)};
}

MetricsWriterHooks Coordinator::Parts::WriterHooks() {
  return {.held = [this](const engine::RecordsHeld& held) { loop->TellHeld(held); },
          .stored =
              [this](int64_t records, int64_t points, double seconds) {
                metrics.Ingested(records, points);
                metrics.Commit("metrics", seconds);
              },
          .writable_changed =
              [this](bool writable, const std::string& why) {
                metrics.MetricsStoreWritable(writable);
                if (writable) {
                  Log(Level::kInfo, "metrics.writable", {});
                } else {
                  Log(Level::kError, "metrics.not_writable",
                      {{"error", why}, {"effect", "records wait in the workers' logs; training goes on"}});
                }
              },
          .refused = [this](std::string_view reason) { metrics.IngestRejected(reason); },
          .thinned = [this](int64_t records) { metrics.Thinned(records); }};
}

// The loop and the writer call each other; neither does so before the first call of a client.
void Coordinator::Parts::StartThreads(Stores stores, std::unique_ptr<engine::Engine> engine,
                                      const std::vector<domain::Attempt>& linked,
                                      std::function<void(const Error&)> failed) {
  const int64_t incarnation = stores.state->incarnation();
  writer = std::make_unique<MetricsWriter>(std::move(stores.metrics), WriterHooks());
  writer->AreLinked(linked);
  writer->Watch(engine->watched());
  loop = std::make_unique<EngineLoop>(std::move(engine), std::move(stores.state),
                                      LoopHooks(std::move(failed)), options.keep_events);
  backend = std::make_unique<ProcessBackend>(
      loop.get(), writer.get(), std::move(stores.readers),
      rpc::SystemInfo{.incarnation = incarnation, .http_address = {}, .start_time = options.now()},
      options.now);
  stages.Start(backend.get());
  methods =
      std::make_unique<rpc::MethodTable>([this](std::string_view path, std::string_view code,
                                                double seconds) { metrics.RpcDone(path, code, seconds); });
  rpc::AddMethods(methods.get(), backend.get());
  maintenance = std::make_unique<MaintenanceThread>(MaintenanceOptions{
      .state_folder = options.state_folder,
      .patience = 2 * options.engine.lease,
      .now = options.now,
      .queues = [this] { return Queues(); },
      .clocks = [this] { return backend->clocks().Apart(options.now(), std::chrono::seconds(1), 100); }});
  rpc::AddMaintenanceMethods(methods.get(), maintenance.get());
  if (!faults.empty()) methods->Disturb(&faults);
}

Status Coordinator::Parts::StartRetention() {
  if (options.retention.after.count() == 0) return {};
  auto reader = store::ReadStore::Open(options.state_folder);
  if (!reader) return Fail(std::move(reader).error());
  retention = std::make_unique<Retention>(options.retention, *std::move(reader), writer.get(), options.now);
  return {};
}

Status Coordinator::Parts::Listen() {
  const http::ServerOptions http_options{
      .host = options.http.host, .port = options.http.port, .max_body_bytes = rpc::kMaxJsonRequestBytes};
  auto http_server = http::Server::Start(http_options, http::MakePages(Pages()));
  if (!http_server) return Fail(std::move(http_server).error());
  http = *std::move(http_server);
  options.http.port = http->port();
  backend->SetHttpAddress(options.http.Text());

  auto grpc_server = rpc::GrpcServer::Start(options.grpc.host, options.grpc.port, *methods);
  if (!grpc_server) return Fail(std::move(grpc_server).error());
  grpc = *std::move(grpc_server);
  options.grpc.port = grpc->port();

  OPTFLEET_RETURN_IF_ERROR(WriteEndpoint(options.state_folder, options.grpc.Text(), options.http.Text()));
  announced = true;
  return {};
}

http::PageSources Coordinator::Parts::Pages() {
  return {.version = kVersion,
          .health =
              [this](std::function<void(std::string)> answer) {
                // Healthy means that the engine's thread takes work; the server's own time limit answers if
                // it hangs.
                const bool taken = loop->Inspect([answer](const engine::Engine&) { answer(""); });
                if (!taken) answer("the engine takes no work");
              },
          .metrics_text = [this](const std::function<void(std::string)>& answer) { MetricsText(answer); },
          .is_method = [this](const std::string& path) { return rpc::IsJsonMethod(*methods, path); },
          .call =
              [this](const std::string& path, const std::string& body,
                     const std::function<void(int, std::string)>& answer) {
                rpc::CallJson(*methods, path, body, [answer](rpc::JsonAnswer json) {
                  answer(json.http_status, std::move(json.body));
                });
              }};
}

std::vector<rpc::Queue> Coordinator::Parts::Queues() const {
  const auto queue = [](const char* name, size_t depth, size_t limit) {
    return rpc::Queue{name, static_cast<int64_t>(depth), static_cast<int64_t>(limit)};
  };
  return {queue("workers", loop->worker_depth(), EngineLoop::kWorkerLimit),
          queue("engine", loop->people_depth(), EngineLoop::kPeopleLimit),
          queue("look", loop->look_depth(), EngineLoop::kLookLimit),
          queue("metrics", writer->depth(), MetricsWriter::kQueueLimit),
          queue("read", backend->read_depth(), ProcessBackend::kReadQueue),
          queue("expansion", backend->work_depth(), ProcessBackend::kWorkQueue),
          queue("maintenance", maintenance->depth(), MaintenanceThread::kQueueLimit)};
}

void Coordinator::Parts::MetricsText(const std::function<void(std::string)>& answer) {
  for (const rpc::Queue& queue : Queues()) metrics.Queue(queue.name, queue.depth, queue.limit);
  const bool taken = loop->Inspect([this, answer](const engine::Engine& engine) {
    metrics.Fleet(ToFleetCounts(engine.TakeCensus(), loop->wal_bytes(), writer->wal_bytes()));
    // Writing the text is no work for the engine's thread.
    const bool reading = backend->Read([this, answer](store::ReadStore&) { answer(metrics.Text()); });
    if (!reading) answer(metrics.Text());
  });
  if (!taken) answer(metrics.Text());
}

void Coordinator::Parts::Stop() {
  if (announced) RemoveEndpoint(options.state_folder);
  if (grpc) grpc->Stop(kStopGrace);
  http.reset();
  if (maintenance) maintenance->Stop();
  if (check) check->Interrupt();
  if (checking.joinable()) checking.join();
  if (backend) backend->Stop();
  retention.reset();
  if (writer) writer->Stop();  // what it stored last the engine still hears
  if (loop) loop->Stop();
}

Coordinator::Coordinator(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Coordinator::~Coordinator() { parts_->Stop(); }

Result<std::unique_ptr<Coordinator>> Coordinator::Start(const CoordinatorOptions& options,
                                                        std::function<void(const Error&)> failed) {
  OPTFLEET_RETURN_IF_ERROR(PrepareStateFolder(options.state_folder));
  auto stores = OpenStores(options.state_folder);
  if (!stores) return Fail(std::move(stores).error());
  const std::vector<domain::Attempt> linked = stores->saved.attempts;
  auto engine = engine::Engine::Create(options.engine, std::move(stores->saved), options.now());
  if (!engine) return Fail(std::move(engine).error());

  std::unique_ptr<Coordinator> self(new Coordinator(std::make_unique<Parts>(options)));
  // The engine's thread and the check may both meet a broken disk.
  const auto once = [first = std::make_shared<std::once_flag>(), failed = std::move(failed)](
                        const Error& error) { std::call_once(*first, failed, error); };
  self->parts_->StartThreads(*std::move(stores), *std::move(engine), linked, once);
  OPTFLEET_RETURN_IF_ERROR(self->parts_->StartRetention());
  OPTFLEET_RETURN_IF_ERROR(self->parts_->Listen());
  self->parts_->CheckForDamage(once);
  return self;
}

const Address& Coordinator::grpc_address() const { return parts_->options.grpc; }
const Address& Coordinator::http_address() const { return parts_->options.http; }

}  // namespace optfleet::app
