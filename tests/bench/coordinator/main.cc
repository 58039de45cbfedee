// coordinator_bench: the speed of the coordinator, one JSON line per figure.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <map>

#include "tests/bench/coordinator/bench.h"

namespace optfleet::bench {
namespace {

void Dispatch(const Setup& setup) {
  for (const int slots : setup.smoke ? std::vector<int>{8} : setup.slots)
    BenchDispatch(setup, 2, slots, setup.Size(slots < 8 ? 10'000 : 20'000, 100));
}

void Expand(const Setup& setup) {
  BenchExpand(setup, setup.Size(10'000, 600));
  if (!setup.smoke) BenchExpand(setup, 100'000);
}

void Extend(const Setup& setup) { BenchExtend(setup, setup.Size(1'000, 200), setup.Size(100'000, 600)); }

const std::map<std::string, std::function<void(const Setup&)>>& Benchmarks() {
  static const std::map<std::string, std::function<void(const Setup&)>> all = {{"expand", &Expand},
                                                                               {"extend", &Extend},
                                                                               {"dispatch", &Dispatch},
                                                                               {"connected", &BenchConnected},
                                                                               {"waiting", &BenchWaiting}};
  return all;
}

int Main(int argc, char** argv) {
  CLI::App app{"Measures opt-coordinator over real gRPC on loopback; one JSON line per figure.",
               "coordinator_bench"};
  Setup setup;
  setup.process.folder = "/tmp";
  std::vector<std::string> names;
  app.add_option("NAME", names, "expand, extend, dispatch, connected, waiting; all if none is given");
  app.add_option("--coordinator", setup.process.program, "opt-coordinator")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--fsync-counter", setup.process.fsync_counter,
                 "Library that counts fsyncs; none are counted without")
      ->check(CLI::ExistingFile);
  app.add_option("--folder", setup.process.folder, "Where state folders are made; the disk that is measured");
  app.add_option("--slots", setup.slots, "dispatch: slots of each of the two workers, one run each")
      ->delimiter(',')
      ->capture_default_str();
  app.add_flag("--smoke", setup.smoke, "Tiny sizes: shows that the benchmarks work");
  CLI11_PARSE(app, argc, argv);
  // A connection per simulated worker, here and in the child.
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  for (const std::string& name : names)
    if (!Benchmarks().contains(name)) Die("there is no benchmark " + name);
  for (const auto& [name, run] : Benchmarks())
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) run(setup);
  return 0;
}

}  // namespace
}  // namespace optfleet::bench

int main(int argc, char** argv) { return optfleet::bench::Main(argc, argv); }
