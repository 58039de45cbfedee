#include "tests/bench/coordinator/bench.h"

#include <cstdlib>
#include <iostream>

namespace optfleet::bench {
namespace {

std::string SweepText(const std::string& name, int jobs) {
  const int rates = std::min(jobs, 100);
  std::string text =
      "name: " + name +
      "\nmodel: {layers: 2, width: 96, heads: 4}\ndata: {path: /data/text.txt, sequence_length: 64}\n"
      "budget: {steps: 1000}\ntraining:\n  batch_size: 8\n  seed: [";
  for (int i = 0; i < jobs / rates; ++i) text += (i == 0 ? "" : ", ") + std::to_string(i);
  text += "]\noptimizer:\n  name: adamw\n  learning_rate: [";
  for (int i = 0; i < rates; ++i) text += (i == 0 ? "" : ", ") + std::to_string(i + 1) + "e-5";
  return text + "]\n";
}

double LoadOfMachine() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

}  // namespace

double Latencies::Milliseconds(double share) const {
  if (seconds_.empty()) return 0;
  std::vector<double> sorted = seconds_;
  std::sort(sorted.begin(), sorted.end());
  const double place = share * static_cast<double>(sorted.size() - 1);
  return 1e3 * sorted[static_cast<size_t>(place)];
}

void Print(const CoordinatorProcess& process, Json figures) {
  figures["file_system"] = process.FileSystem();
  figures["commit"] = "WAL, synchronous=FULL, as soon as something waits";
  figures["fsyncs"] = process.Fsyncs();
  figures["load"] = LoadOfMachine();
  std::cout << figures.dump() << std::endl;
}

void Check(const grpc::Status& status, const std::string& what) {
  if (!status.ok()) Die(what + ": " + status.error_message());
}

std::string CreateSweep(const std::shared_ptr<grpc::Channel>& channel, const std::string& id, int jobs) {
  v1::CreateSweepRequest request;
  request.set_sweep_id(id);
  v1::SourceFile* file = request.mutable_sweep()->add_files();
  file->set_path(id + ".yaml");
  file->set_text(SweepText(id, jobs));
  grpc::ClientContext context;
  v1::Sweep sweep;
  Check(v1::SweepService::NewStub(channel)->CreateSweep(&context, request, &sweep), "CreateSweep");
  if (sweep.job_count() != jobs) Die("the sweep has " + std::to_string(sweep.job_count()) + " jobs");
  return sweep.name();
}

void ExtendSweep(const std::shared_ptr<grpc::Channel>& channel, const std::string& id, int jobs, int more) {
  v1::ExtendSweepRequest request;
  request.set_name("sweeps/" + id);
  v1::SourceFile* file = request.mutable_sweep()->add_files();
  file->set_path(id + ".yaml");
  file->set_text(SweepText(id, jobs + more));
  grpc::ClientContext context;
  v1::ExtendSweepResponse response;
  Check(v1::SweepService::NewStub(channel)->ExtendSweep(&context, request, &response), "ExtendSweep");
  if (response.new_jobs() != more) Die("it was extended by " + std::to_string(response.new_jobs()) + " jobs");
}

}  // namespace optfleet::bench
