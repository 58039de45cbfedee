#include "sweeps/point_walk.h"

#include <algorithm>

#include "common/sha256.h"
#include "spec/fields.h"
#include "spec/resolve.h"

namespace optfleet::sweeps {
namespace {

constexpr size_t kMostReserved = 1024;  // of a portion before its first job

}  // namespace

PointWalk::PointWalk(const std::vector<Block>& blocks, WalkOptions options, JobSink* sink,
                     Expansion* expansion, std::vector<NeededFile>* files, Findings* findings)
    : blocks_(blocks),
      options_(std::move(options)),
      sink_(sink),
      expansion_(expansion),
      files_(files),
      findings_(findings),
      first_block_(findings->unused_keys.AddBlocks(blocks)),
      feeding_(sink != nullptr) {
  for (const spec::Field* axis : options_.axes) spellings_.emplace_back(*axis, blocks);
}

void PointWalk::Run() {
  ForEachPoint(
      blocks_, [&](const Grid& grid, size_t block) { return Visit(grid, block); },
      [&](bool excluded) {
        --expansion_->points;
        if (excluded) ++expansion_->excluded_points;
      });
  if (feeding_ && !jobs_.empty()) HandOver();
  findings_->points += expansion_->points;
}

bool PointWalk::Visit(const Grid& grid, size_t block) {
  ++point_;
  findings_->unused_keys.Visit(first_block_ + block, grid.spec());
  AddComputedFiles(grid, block);
  spec::TrainingSpec spec = grid.spec();
  // What was not computed would only break further rules.
  const auto problems = grid.problems().empty() ? spec::Resolve(&spec, grid.slots()) : grid.problems();
  for (const spec::Problem& problem : problems)
    findings_->problems.Add(problem, blocks_[block], grid, Describe(grid.spec()));
  const bool unknown_steps = spec.budget.seconds > 0 || spec.budget.epochs > 0;
  findings_->unknown_steps = findings_->unknown_steps || unknown_steps;
  feeding_ = feeding_ && problems.empty();
  if (feeding_) AddPoint(std::move(spec), grid, block);
  return !stopped_;
}

void PointWalk::AddComputedFiles(const Grid& grid, size_t block) {
  if (!grid.computes()) return;
  for (const Leaf& leaf : blocks_[block].leaves) {
    const LeafValue* value = grid.ValueOf(leaf);
    if (value == nullptr || value->computed == nullptr || grid.IsAbsent(leaf)) continue;
    const spec::Value computed = leaf.field->get(grid.spec());
    const auto* path = std::get_if<std::string>(&computed);
    if (path != nullptr && spec::NamesFile(leaf.field->key, *path) &&
        findings_->computed_files.emplace(leaf.field->key, *path).second)
      files_->push_back({leaf.field->key, *path, value->position});
  }
}

void PointWalk::AddPoint(spec::TrainingSpec spec, const Grid& grid, size_t block) {
  std::string hash = Sha256Hex(canonical_.HashedTextOf(spec));
  if (const auto equal = job_of_hash_.find(hash); equal != job_of_hash_.end()) {
    if (!options_.keeps_equal) return expansion_->merged_points.push_back({point_, equal->second});
    hash = HashOfCopy(hash);
  }
  Job job;
  job.number = static_cast<int32_t>(job_of_hash_.size()) + 1;
  job.block = static_cast<int32_t>(block) + 1;
  job.values = Values(blocks_[block].leaves, grid.spec(), spec);
  job.spec = std::move(spec);
  job_of_hash_.emplace(hash, job.number);
  job.hash = std::move(hash);
  jobs_.push_back(std::move(job));
  if (jobs_.size() >= options_.portion) HandOver();
}

// A sweep has each hash once, so the second of equal points gets one that says so, and so on.
std::string PointWalk::HashOfCopy(const std::string& hash) {
  return Sha256Hex(hash + " " + std::to_string(++copies_[hash]));
}

void PointWalk::HandOver() {
  stopped_ = !sink_->Take(std::exchange(jobs_, {}));
  feeding_ = feeding_ && !stopped_;
  if (!stopped_) jobs_.reserve(std::min(options_.portion, kMostReserved));
}

std::vector<std::string> PointWalk::Values(const Leaves& leaves, const spec::TrainingSpec& written,
                                           const spec::TrainingSpec& resolved) {
  std::vector<std::string> values;
  values.reserve(options_.axes.size() + 1);
  if (!options_.stage.empty()) values.push_back(options_.stage);
  for (size_t i = 0; i < options_.axes.size(); ++i) {
    const spec::Field& axis = *options_.axes[i];
    const bool given = FindLeaf(leaves, axis.key) != nullptr;
    values.push_back(spellings_[i].Of(axis.get(given ? written : resolved)));
  }
  return values;
}

// "optimizer.name=adamw, training.micro_batch=24"; empty for a sweep of one point.
std::string PointWalk::Describe(const spec::TrainingSpec& written) {
  std::string text;
  for (size_t i = 0; i < options_.axes.size(); ++i)
    text.append(text.empty() ? "" : ", ").append(options_.axes[i]->key).append("=") +=
        spellings_[i].Of(options_.axes[i]->get(written));
  return text;
}

}  // namespace optfleet::sweeps
