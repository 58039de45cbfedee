#include "sweeps/point_walk.h"

#include <algorithm>

#include "spec/fields.h"
#include "spec/resolve.h"

namespace optfleet::sweeps {
namespace {

constexpr size_t kMostReserved = 1024;  // of a portion before its first job
constexpr size_t kMostKnown = 4096;     // classes, of some 4 KB each
constexpr size_t kKnownOfMore = 256;    // where there are more: a walk hardly comes back to one of them

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
  for (size_t block = 0; block < blocks_.size() && !stopped_; ++block)
    if (blocks_[block].has_points) WalkBlock(block);
  if (feeding_ && !jobs_.empty()) HandOver();
  findings_->points += expansion_->points;
}

void PointWalk::WalkBlock(size_t block) {
  Grid grid(blocks_[block].leaves, blocks_[block].slots);
  const PointClasses classes(grid, blocks_[block]);
  free_ = FreeLeavesOf(classes);
  written_ = nullptr;
  known_.clear();
  known_.resize(classes.count() <= kMostKnown ? classes.count() : kKnownOfMore);
  do {
    Known& known = Look(classes.Current(), block, &grid);
    if (known.kind == Known::Kind::kPoint) {
      Visit(block, &known, &grid);
    } else {
      --expansion_->points;
      if (known.kind == Known::Kind::kExcluded) ++expansion_->excluded_points;
    }
  } while (!stopped_ && grid.Advance());
}

std::vector<PointWalk::Free> PointWalk::FreeLeavesOf(const PointClasses& classes) {
  const size_t before = options_.stage.empty() ? 0 : 1;
  std::vector<Free> free;
  for (const PointClasses::Free& one : classes.free()) {
    Free made{.at = one, .value_index = before + options_.axes.size(), .texts = {}};
    const auto axis = std::find(options_.axes.begin(), options_.axes.end(), one.leaf->field);
    if (axis != options_.axes.end()) {
      const auto index = static_cast<size_t>(axis - options_.axes.begin());
      made.value_index = before + index;
      for (const LeafValue& value : one.leaf->values)
        made.texts.push_back(&spellings_[index].Of(value.value));
    }
    free.push_back(std::move(made));
  }
  return free;
}

PointWalk::Known& PointWalk::Look(size_t point_class, size_t block, Grid* grid) {
  std::unique_ptr<Known>& known = known_[point_class % known_.size()];
  if (known != nullptr && known->point_class == point_class) return *known;
  if (known == nullptr) known = std::make_unique<Known>();
  if (written_ == known.get()) written_ = nullptr;
  known->point_class = point_class;
  LookClosely(block, grid, known.get());
  return *known;
}

// Takes the place of another class, whose memory is used again.
void PointWalk::LookClosely(size_t block, Grid* grid, Known* known) {
  grid->Settle();
  if (grid->IsRepeat()) {
    known->kind = Known::Kind::kRepeat;
    return;
  }
  if (grid->IsExcludedBy(blocks_[block].exclusions)) {
    known->kind = Known::Kind::kExcluded;
    return;
  }
  known->kind = Known::Kind::kPoint;
  findings_->unused_keys.Visit(first_block_ + block, grid->spec());
  AddComputedFiles(*grid, block);
  known->spec = grid->spec();
  // What was not computed would only break further rules.
  known->problems = grid->problems().empty() ? spec::Resolve(&known->spec, grid->slots()) : grid->problems();
  if (!known->problems.empty()) return;
  known->free_read.clear();
  known->free_keys.clear();
  for (size_t i = 0; i < free_.size(); ++i) {
    const spec::Field& key = *free_[i].at.leaf->field;
    if (!spec::IsUsed(key, known->spec)) continue;
    known->free_read.push_back(i);
    known->free_keys.push_back(&key);
  }
  known->values = Values(blocks_[block].leaves, grid->spec(), known->spec);
}

void PointWalk::Visit(size_t block, Known* known, Grid* grid) {
  ++point_;
  for (const spec::Problem& problem : known->problems)
    findings_->problems.Add(problem, blocks_[block], *grid, [&] {
      grid->Settle();
      return Describe(grid->spec());
    });
  const bool unknown_steps = known->spec.budget.seconds > 0 || known->spec.budget.epochs > 0;
  findings_->unknown_steps = findings_->unknown_steps || unknown_steps;
  feeding_ = feeding_ && known->problems.empty();
  if (feeding_) AddPoint(block, *grid, known);
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

void PointWalk::AddPoint(size_t block, const Grid& grid, Known* known) {
  const auto value_at = [&](const Free& free) { return grid.axes()[free.at.axis].at; };
  for (const size_t i : known->free_read) {
    const Leaf& leaf = *free_[i].at.leaf;
    leaf.field->set(known->spec, leaf.values[value_at(free_[i])].value);
  }
  Sha256Digest hash = hashes_.Next(written_ == known ? canonical_.HashedTextOf(known->spec, known->free_keys)
                                                     : canonical_.HashedTextOf(known->spec));
  written_ = known;
  PointNumbers::Numbered numbered = numbers_.Add(hash);
  if (!numbered.is_new) {
    if (!options_.keeps_equal) return expansion_->merged_points.push_back({point_, numbered.number});
    hash = HashOfCopy(ToHex(hash));
    numbered = numbers_.Add(hash);
  }
  Job& job = jobs_.emplace_back();
  job.number = numbered.number;
  job.block = static_cast<int32_t>(block) + 1;
  job.spec = known->spec;
  job.hash = ToHex(hash);
  job.values = known->values;
  for (const Free& free : free_)
    if (free.value_index < job.values.size()) job.values[free.value_index] = *free.texts[value_at(free)];
  if (jobs_.size() >= options_.portion) HandOver();
}

// A sweep has each hash once, so the second of equal points gets one that says so, and so on.
Sha256Digest PointWalk::HashOfCopy(const std::string& hash) {
  return Sha256(hash + " " + std::to_string(++copies_[hash]));
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
