#include "optctl/commands/slot_types.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace optfleet::commands {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

SlotType TypeOf(const v1::Slot& slot) {
  const bool is_gpu = slot.kind() == v1::Slot::KIND_GPU;
  return {is_gpu, slot.model(), is_gpu ? 0 : slot.threads()};
}

SlotType TypeOf(const v1::Measurement& measurement) {
  const bool is_gpu = measurement.device() == v1::Slot::KIND_GPU;
  return {is_gpu, measurement.model(), is_gpu ? 0 : measurement.threads()};
}

bool IsSame(const SlotType& a, const SlotType& b) {
  return a.is_gpu == b.is_gpu && a.model == b.model && a.threads == b.threads;
}

SlotType& FindOrAdd(std::vector<SlotType>& types, const SlotType& wanted) {
  const auto found =
      std::find_if(types.begin(), types.end(), [&](const SlotType& type) { return IsSame(type, wanted); });
  return found == types.end() ? types.emplace_back(wanted) : *found;
}

void AddWorker(const v1::Worker& worker, std::vector<SlotType>& types) {
  std::vector<SlotType> of_worker;
  for (const v1::Slot& slot : worker.slots()) {
    SlotType& type = FindOrAdd(of_worker, TypeOf(slot));
    if (type.slots_of_worker.empty()) type.slots_of_worker.push_back(0);
    ++type.slots_of_worker.front();
    type.memory_bytes = std::max(type.memory_bytes, slot.memory_bytes());
  }
  for (const SlotType& type : of_worker) {
    SlotType& known = FindOrAdd(types, {type.is_gpu, type.model, type.threads});
    known.slots_of_worker.push_back(type.slots_of_worker.front());
    known.memory_bytes = std::max(known.memory_bytes, type.memory_bytes);
  }
}

}  // namespace

std::string SlotType::Name() const {
  const std::string name = model.empty() ? (is_gpu ? "a GPU" : "a CPU") : model;
  if (is_gpu) return name;
  return name + " x " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

int SlotType::slots() const { return std::accumulate(slots_of_worker.begin(), slots_of_worker.end(), 0); }

bool SlotType::IsOf(const v1::Measurement& measurement) const { return IsSame(*this, TypeOf(measurement)); }

std::vector<SlotType> SlotTypes(const std::vector<v1::Worker>& workers,
                                const std::vector<v1::Measurement>& measurements) {
  std::vector<SlotType> types;
  for (const v1::Worker& worker : workers)
    if (worker.state() != v1::Worker::STATE_GONE) AddWorker(worker, types);
  for (const v1::Measurement& measurement : measurements) FindOrAdd(types, TypeOf(measurement));
  return types;
}

Result<std::vector<SlotType>> ChooseTypes(const std::vector<SlotType>& types, const std::string& name) {
  std::vector<SlotType> chosen;
  std::string known;
  for (const SlotType& type : types) {
    known += "\n  " + type.Name();
    if (name.empty() ? type.slots() > 0 : Lower(type.Name()).find(Lower(name)) != std::string::npos)
      chosen.push_back(type);
  }
  if (name.empty()) return chosen;
  if (chosen.empty())
    return Fail(Code::kInvalidArgument, "--on " + name + ": " +
                                            (known.empty() ? "no worker is connected, and no job was timed"
                                                           : "no slot is called so; there are" + known));
  std::erase_if(chosen, [first = chosen.front().model](const SlotType& type) { return type.model != first; });
  return chosen;
}

}  // namespace optfleet::commands
