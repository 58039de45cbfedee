// opt-coordinator: exit code 0 after SIGTERM or SIGINT, 1 if it cannot start or cannot write its state any
// more, 2 for a mistake on the command line.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "common/log.h"
#include "common/version.h"
#include "coordinator/app/command_line.h"
#include "coordinator/app/coordinator.h"
#include "coordinator/app/state_folder.h"
#include "coordinator/rpc/grpc_server.h"
#include "coordinator/store/backup.h"

namespace optfleet::app {
namespace {

constexpr int kFailed = 1;

// One sentence for whoever started the process, and the same in the log if that is a file.
int Fatal(const CommandLine& line, const char* event, const Error& error) {
  std::fprintf(stderr, "opt-coordinator: %s\n", error.message().c_str());
  if (!line.log.path.empty())
    Log(Level::kError, event, {{"code", CodeName(error.code())}, {"error", error.message()}});
  return kFailed;
}

// Ends the loop on SIGTERM and SIGINT; SIGHUP switches between the level of the command line and debug.
class Signals {
 public:
  Signals(boost::asio::io_context& io, Level level)
      : io_(io), set_(io, SIGTERM, SIGINT, SIGHUP), level_(level) {
    Wait();
  }

 private:
  void Wait() {
    set_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (number != SIGHUP) {
        Log(Level::kInfo, "coordinator.stopping", {{"signal", strsignal(number)}});
        return io_.stop();
      }
      debug_ = !debug_;
      SetLogLevel(debug_ ? Level::kDebug : level_);
      Log(Level::kInfo, "log.level", {{"level", debug_ ? "debug" : "as started"}});
      Wait();
    });
  }

  boost::asio::io_context& io_;
  boost::asio::signal_set set_;
  const Level level_;
  bool debug_ = false;
};

int Serve(const CommandLine& line) {
  boost::asio::io_context io;
  const auto keep_running = boost::asio::make_work_guard(io);
  const Signals signals(io, line.log.level);
  std::optional<Error> failure;
  const CoordinatorOptions options{
      .state_folder = line.state_folder,
      .grpc = line.grpc,
      .http = line.http,
      .engine = line.engine,
      .keep_events = line.keep_events,
      .retention = line.retention,
      .faults = line.faults,
      .fault_seed = line.fault_seed,
      .now = [] { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }};
  const auto coordinator = Coordinator::Start(options, [&io, &failure](const Error& error) {
    boost::asio::post(io, [&io, &failure, error] {
      failure = error;
      io.stop();
    });
  });
  if (!coordinator) return Fatal(line, "coordinator.start_failed", coordinator.error());
  Log(Level::kInfo, "coordinator.serving",
      {{"version", kVersion},
       {"grpc", (*coordinator)->grpc_address().Text()},
       {"http", (*coordinator)->http_address().Text()},
       {"state", line.state_folder}});
  if (!IsLoopback((*coordinator)->grpc_address()) || !IsLoopback((*coordinator)->http_address())) {
    Log(Level::kWarn, "coordinator.insecure", {{"effect", "whoever reaches the port controls the fleet"}});
  }
  io.run();
  if (failure) return Fatal(line, "coordinator.state_not_writable", *failure);
  return 0;
}

int Restore(const CommandLine& line) {
  Status restored = PrepareStateFolder(line.state_folder);
  if (restored)
    restored = store::RestoreFolder({.folder = line.state_folder, .file_system_type = {}}, line.restore);
  if (!restored) return Fatal(line, "coordinator.restore_failed", restored.error());
  std::printf("restored %s into %s; what was there is kept as *.replaced\n", line.restore.c_str(),
              line.state_folder.c_str());
  return 0;
}

int Main(int argc, const char* const* argv) {
  const ParsedCommandLine parsed = ParseCommandLine(argc, argv);
  if (!parsed.run) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  const CommandLine& line = *parsed.run;
  const pid_t parent = getppid();
  if (line.parent_death) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) return 0;  // it ended before the request took effect
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file size limit then is an error of write, not a death
  if (const Status logging = StartLog(line.log); !logging) return Fatal(line, "log.failed", logging.error());
  if (!line.restore.empty()) return Restore(line);
  rpc::RouteGrpcLog();
  const int code = Serve(line);
  if (code == 0) Log(Level::kInfo, "coordinator.stopped", {});
  return code;
}

}  // namespace
}  // namespace optfleet::app

int main(int argc, char** argv) { return optfleet::app::Main(argc, argv); }
