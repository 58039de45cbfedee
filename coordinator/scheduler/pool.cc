#include "coordinator/scheduler/pool.h"

#include <algorithm>

#include "coordinator/domain/check.h"

namespace optfleet::scheduler {
namespace {

// How many attempts with this request the slot has room for.
int64_t RoomFor(const SlotOffer& slot, const domain::Resources& request) {
  int64_t room = slot.free_share / request.share;
  if (slot.memory_bytes > 0)
    room = std::min(
        room, slot.free_memory_bytes / std::max<int64_t>(1, domain::MemoryTaken(request, slot.memory_bytes)));
  return room;
}

// When the slot can be given to a demand that needs it as it is when nothing else runs there. Unknown: last.
Time FreeAt(const SlotOffer& slot, Time now, const domain::Resources& request) {
  if (SlotHasMemory(slot, request)) return now;
  return slot.free_at ? std::max(*slot.free_at, now) : Time::max();
}

}  // namespace

Pool::Pool(const Snapshot& snapshot, const Policy& policy) : snapshot_(snapshot), policy_(policy) {
  rooms_.reserve(snapshot.workers.size());
  for (const WorkerOffer* worker : snapshot.workers) {
    bool open = false;
    for (const SlotOffer& slot : worker->slots) {
      open |= slot.free_share > 0;
      shares_are_out_ |= slot.free_share > 0 && slot.free_share < domain::kWholeSlot;
    }
    if (open && worker->unavailable.empty()) open_.push_back(rooms_.size());
    rooms_.push_back({.offer = worker,
                      .slots = worker->slots,
                      .reserved = {},
                      .free_host_memory = worker->free_host_memory_bytes});
  }
}

Demand Pool::DemandOf(const RequestClass& request) const {
  return {LimitedPrediction(request.resources, snapshot_.workers), request.expected};
}

bool Pool::SlotHasRoom(const Room& room, size_t slot, const Demand& demand) const {
  if (!SlotHasMemory(room.slots[slot], demand.resources)) return false;
  if (room.reserved.empty() || !room.reserved[slot].kept) return true;
  const std::optional<Time>& from = room.reserved[slot].from;
  return from && demand.expected && snapshot_.now + *demand.expected <= *from;
}

std::vector<size_t> Pool::SlotsWithRoom(const Room& room, const Demand& demand) const {
  std::vector<size_t> slots;
  for (size_t slot = 0; slot < room.slots.size(); ++slot) {
    if (SlotHasRoom(room, slot, demand)) slots.push_back(slot);
  }
  const bool spread = policy_.tie == Policy::Tie::kSpread;
  const auto key = [&](size_t i) {
    const SlotOffer& slot = room.slots[i];
    return std::tuple(slot.kind == domain::SlotKind::kCpu, spread ? -slot.free_share : slot.free_share,
                      slot.index);
  };
  std::sort(slots.begin(), slots.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  return slots;
}

std::optional<Pool::Rank> Pool::RankOf(size_t worker, const Demand& demand) const {
  const Room& room = rooms_[worker];
  const domain::Resources& request = demand.resources;
  if (!room.offer->unavailable.empty() || !HasLabels(*room.offer, request)) return std::nullopt;
  if (room.offer->host_memory_bytes > 0 && room.free_host_memory < request.host_memory_bytes)
    return std::nullopt;
  int32_t usable = 0;
  int64_t room_for = 0;
  bool is_cpu = true;
  for (size_t i = 0; i < room.slots.size(); ++i) {
    if (!SlotHasRoom(room, i, demand)) continue;
    ++usable;
    room_for += RoomFor(room.slots[i], request);
    is_cpu &= room.slots[i].kind == domain::SlotKind::kCpu;
  }
  if (usable < request.slots) return std::nullopt;
  return Rank{is_cpu, policy_.tie == Policy::Tie::kSpread ? -room_for : room_for, worker};
}

Pool::Ranking& Pool::RankingFor(const Demand& demand) {
  auto [found, is_new] = rankings_.try_emplace(demand);
  Ranking& ranking = found->second;
  if (!is_new) return ranking;
  std::vector<Rank> ranks;
  ranking.of_worker.resize(rooms_.size());
  for (const size_t worker : open_) {
    ranking.of_worker[worker] = RankOf(worker, demand);
    if (ranking.of_worker[worker]) ranks.push_back(*ranking.of_worker[worker]);
  }
  std::sort(ranks.begin(), ranks.end());
  ranking.order = std::set<Rank>(ranks.begin(), ranks.end());  // sorted input: linear
  return ranking;
}

void Pool::Update(size_t worker) {
  for (auto& [demand, ranking] : rankings_) {
    std::optional<Rank>& rank = ranking.of_worker[worker];
    std::optional<Rank> now = rank ? RankOf(worker, demand) : std::nullopt;  // room never grows
    if (now == rank) continue;
    ranking.order.erase(*rank);
    if (now) ranking.order.insert(*now);
    rank = now;
  }
}

std::optional<size_t> Pool::Find(const Demand& demand, const std::string& bound_worker) {
  if (!bound_worker.empty()) {
    const auto found =
        std::lower_bound(rooms_.begin(), rooms_.end(), bound_worker,
                         [](const Room& room, const std::string& id) { return room.offer->worker < id; });
    if (found == rooms_.end() || found->offer->worker != bound_worker) return std::nullopt;
    const auto worker = static_cast<size_t>(found - rooms_.begin());
    return RankOf(worker, demand) ? std::optional(worker) : std::nullopt;
  }
  const Ranking& ranking = RankingFor(demand);
  if (ranking.order.empty()) return std::nullopt;
  return std::get<size_t>(*ranking.order.begin());
}

std::vector<int32_t> Pool::Take(size_t worker, const Demand& demand) {
  Room& room = rooms_[worker];
  std::vector<size_t> usable = SlotsWithRoom(room, demand);
  const auto wanted = static_cast<size_t>(demand.resources.slots);
  OPTFLEET_CHECK(usable.size() >= wanted, room.offer->worker);
  usable.resize(wanted);
  std::vector<int32_t> indexes;
  for (const size_t i : usable) {
    SlotOffer& slot = room.slots[i];
    indexes.push_back(slot.index);
    slot.free_share -= demand.resources.share;
    slot.free_memory_bytes = std::max<int64_t>(
        0, slot.free_memory_bytes - domain::MemoryTaken(demand.resources, slot.memory_bytes));
    slot.free_at.reset();
    shares_are_out_ |= slot.free_share > 0;
  }
  std::sort(indexes.begin(), indexes.end());
  room.free_host_memory -= demand.resources.host_memory_bytes;
  Update(worker);
  return indexes;
}

bool Pool::CanBeStarved(const Demand& demand) const { return demand.resources.slots > 1 || shares_are_out_; }

std::optional<Reservation> Pool::ReservationOn(const Room& room, const Demand& demand) const {
  std::vector<std::pair<Time, int32_t>> free_at;
  for (size_t i = 0; i < room.slots.size(); ++i) {
    const bool kept = !room.reserved.empty() && room.reserved[i].kept;
    if (!kept && SlotWouldDo(room.slots[i], demand.resources))
      free_at.emplace_back(FreeAt(room.slots[i], snapshot_.now, demand.resources), room.slots[i].index);
  }
  const auto wanted = static_cast<size_t>(demand.resources.slots);
  if (free_at.size() < wanted) return std::nullopt;
  std::sort(free_at.begin(), free_at.end());
  free_at.resize(wanted);
  Reservation reservation{
      .job = {}, .worker = room.offer->worker, .slots = {}, .ready = free_at.back().first};
  for (const auto& [time, index] : free_at) reservation.slots.push_back(index);
  std::sort(reservation.slots.begin(), reservation.slots.end());
  return reservation;
}

std::optional<Reservation> Pool::Reserve(const Demand& demand, const std::string& bound_worker) {
  if (!CanBeStarved(demand)) return std::nullopt;
  std::optional<Reservation> best;
  size_t best_worker = 0;
  for (size_t worker = 0; worker < rooms_.size(); ++worker) {
    const Room& room = rooms_[worker];
    if (!bound_worker.empty() && room.offer->worker != bound_worker) continue;
    if (!room.offer->unavailable.empty() || FitsWhenFree(*room.offer, demand.resources) != Constraint::kNone)
      continue;
    auto reservation = ReservationOn(room, demand);
    if (!reservation || (best && best->ready <= reservation->ready)) continue;
    best = std::move(reservation);
    best_worker = worker;
  }
  if (!best) return std::nullopt;
  if (best->ready == Time::max()) best->ready.reset();
  Room& room = rooms_[best_worker];
  room.reserved.resize(room.slots.size());
  for (size_t i = 0; i < room.slots.size(); ++i) {
    if (std::binary_search(best->slots.begin(), best->slots.end(), room.slots[i].index))
      room.reserved[i] = {true, best->ready};
  }
  Update(best_worker);
  return best;
}

Constraint Pool::Blocked(size_t worker, const Demand& demand) const {
  const Room& room = rooms_[worker];
  const Constraint broken = FitsNow(*room.offer, room.slots, room.free_host_memory, demand.resources);
  if (broken != Constraint::kNone) return broken;
  return RankOf(worker, demand) ? Constraint::kNone : Constraint::kReserved;
}

}  // namespace optfleet::scheduler
