// Texts as sweep files (tests/sweeps/case.h; a text without directives is one file): each expands or is
// refused with diagnostics that have a place, never both, and never slowly. What it expands to is a job that
// a coordinator and a trainer take (also as files of another study, translated): its canonical text reads
// back as the same spec, resolving it again changes nothing, its memory can be predicted.
//
// Grids of more than a few thousand points are left out: they are allowed, and only take longer.
#include <algorithm>

#include "common/text.h"
#include "spec/canonical.h"
#include "spec/json.h"
#include "spec/memory.h"
#include "spec/resolve.h"
#include "sweeps/dialects/translate.h"
#include "sweeps/expand.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/grid_bound.h"
#include "tests/sweeps/case.h"

namespace optfleet::fuzz {
namespace {

constexpr int64_t kMostPoints = 2000;
constexpr int64_t kMostDialectPoints = 4;  // each of which is a whole configuration
constexpr size_t kMostJobs = 8;            // that are looked at

sweeps::SweepInput InputOf(std::string_view text) {
  if (text.starts_with("==> ")) return testing::ReadSweepCase(text).input;
  sweeps::SweepInput input;
  input.files.push_back({"sweep.yaml", std::string(text), "/sweeps"});
  return input;
}

void CheckDiagnostics(const Diagnostics& diagnostics) {
  for (const Diagnostic& one : diagnostics.Sorted()) {
    const SourcePosition& at = one.position;
    Check(at.file >= 0 && static_cast<size_t>(at.file) < std::max<size_t>(diagnostics.sources().size(), 1),
          "a mistake stands in no source");
    Check(at.line >= 1 && at.column >= 1 && at.length >= 0, "a mistake has no place");
    Check(!one.message.empty(), "a mistake without words");
  }
  const std::string text = diagnostics.Render();
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = DecodeUtf8(text, i);
    Check(point.value != 0xFFFD || point.bytes > 1, "a mistake is rendered as bytes that are no text");
    Check(point.value >= 0x20 || point.value == '\n', "a control character reaches the terminal");
    i += point.bytes;
  }
  // As optctl and the coordinator write it: names of files need not be text.
  Check(Json::accept(diagnostics.ToJson().dump(-1, ' ', false, Json::error_handler_t::replace)),
        "mistakes are no JSON");
}

// Of equal points that stay jobs each has another hash, the first that of its spec.
bool IsCopy(const sweeps::Expansion& expansion, size_t index) {
  const auto& jobs = expansion.jobs;
  return std::any_of(jobs.begin(), jobs.begin() + static_cast<ptrdiff_t>(index),
                     [&](const sweeps::Job& earlier) { return earlier.spec == jobs[index].spec; });
}

void CheckJob(const sweeps::Job& job, bool is_copy) {
  const std::string text = spec::CanonicalText(job.spec);
  const Json json = Json::parse(text, nullptr, false);
  Check(!json.is_discarded(), "a spec is no JSON");
  auto read = spec::FromJson(json);
  Check(read.has_value(), "a spec cannot be read back: " + (read ? "" : read.error().message()));
  Check(spec::CanonicalText(*read) == text, "a spec reads back as another one");
  Check(spec::Resolve(&*read).empty(), "a resolved spec has problems");
  Check(spec::CanonicalText(*read) == text, "a resolved spec is changed by resolving it");
  Check((spec::Hash(*read) == job.hash) != is_copy, "a spec that was read back has another hash");
  for (const auto device : {spec::MemoryDevice::kCpu, spec::MemoryDevice::kCuda})
    Check(spec::PredictMemory(job.spec, device).peak().total() > 0, "a job needs no memory");
}

void CheckExpansion(const sweeps::Expansion& expansion) {
  Check(expansion.points == static_cast<int64_t>(expansion.jobs.size() + expansion.merged_points.size()),
        "points are neither jobs nor merged");
  for (size_t i = 0; i < expansion.jobs.size(); ++i) {
    Check(expansion.jobs[i].number == static_cast<int32_t>(i) + 1, "jobs are not numbered from 1");
    Check(expansion.jobs[i].values.size() == expansion.axes.size(), "a job has no value on some axis");
    if (i < kMostJobs) CheckJob(expansion.jobs[i], IsCopy(expansion, i));
  }
  for (const sweeps::MergedPoint& merged : expansion.merged_points)
    Check(merged.job >= 1 && static_cast<size_t>(merged.job) <= expansion.jobs.size(),
          "a point is merged into no job");
}

void CheckResult(const sweeps::ExpandResult& result) {
  Check(result.expansion.has_value() == result.diagnostics.empty(),
        "a sweep expands exactly if it has no mistakes");
  CheckDiagnostics(result.diagnostics);
  if (result.expansion) CheckExpansion(*result.expansion);
}

// The same text as files of another study: refused, or translated to a file that is one of ours.
void RunDialect(const sweeps::SweepInput& input) {
  const sweeps::Translation translation = sweeps::TranslateOlmo(input);
  CheckDiagnostics(translation.diagnostics);
  if (!translation.diagnostics.empty()) return;
  sweeps::ExpandResult result = sweeps::ExpandSweep(translation.input);
  sweeps::MoveBack(translation, &result);
  CheckResult(result);
  if (result.expansion)
    Check(result.expansion->jobs.size() == translation.points.size(), "a point of a dialect is no job");
}

void Run(std::string_view text) {
  const sweeps::SweepInput input = InputOf(text);
  const int64_t points = MostPointsOf(input);
  if (points > kMostPoints) return;
  CheckResult(sweeps::ExpandSweep(input));
  if (points <= kMostDialectPoints) RunDialect(input);
}

}  // namespace
}  // namespace optfleet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  optfleet::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
