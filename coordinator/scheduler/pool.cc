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
    Room room{.offer = worker, .slots = {}, .free_host_memory = worker->free_host_memory_bytes};
    room.slots.reserve(worker->slots.size());
    for (const SlotOffer& slot : worker->slots) {
      shares_are_out_ |= slot.free_share > 0 && slot.free_share < domain::kWholeSlot;
      room.slots.push_back({slot, false, std::nullopt});
    }
    rooms_.push_back(std::move(room));
  }
}

Demand Pool::DemandOf(const RequestClass& request) const {
  return {LimitedPrediction(request.resources, snapshot_.workers), request.expected};
}

bool Pool::SlotHasRoom(const Slot& slot, const Demand& demand) const {
  if (!SlotHasMemory(slot.offer, demand.resources)) return false;
  if (!slot.reserved) return true;
  return slot.reserved_from && demand.expected && snapshot_.now + *demand.expected <= *slot.reserved_from;
}

std::vector<const Pool::Slot*> Pool::SlotsWithRoom(const Room& room, const Demand& demand) const {
  std::vector<const Slot*> slots;
  for (const Slot& slot : room.slots) {
    if (SlotHasRoom(slot, demand)) slots.push_back(&slot);
  }
  const bool spread = policy_.tie == Policy::Tie::kSpread;
  std::stable_sort(slots.begin(), slots.end(), [spread](const Slot* a, const Slot* b) {
    const auto key = [spread](const Slot* slot) {
      return std::tuple(slot->offer.kind == domain::SlotKind::kCpu,
                        spread ? -slot->offer.free_share : slot->offer.free_share, slot->offer.index);
    };
    return key(a) < key(b);
  });
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
  for (const Slot& slot : room.slots) {
    if (!SlotHasRoom(slot, demand)) continue;
    ++usable;
    room_for += RoomFor(slot.offer, request);
    is_cpu &= slot.offer.kind == domain::SlotKind::kCpu;
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
  for (size_t worker = 0; worker < rooms_.size(); ++worker) {
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
  const std::vector<const Slot*> usable = SlotsWithRoom(room, demand);
  OPTFLEET_CHECK(usable.size() >= static_cast<size_t>(demand.resources.slots), room.offer->worker);
  std::vector<int32_t> indexes;
  for (int32_t i = 0; i < demand.resources.slots; ++i)
    indexes.push_back(usable[static_cast<size_t>(i)]->offer.index);
  std::sort(indexes.begin(), indexes.end());
  for (Slot& slot : room.slots) {
    if (!std::binary_search(indexes.begin(), indexes.end(), slot.offer.index)) continue;
    slot.offer.free_share -= demand.resources.share;
    const int64_t memory = domain::MemoryTaken(demand.resources, slot.offer.memory_bytes);
    slot.offer.free_memory_bytes = std::max<int64_t>(0, slot.offer.free_memory_bytes - memory);
    slot.offer.free_at.reset();
    shares_are_out_ |= slot.offer.free_share > 0;
  }
  room.free_host_memory -= demand.resources.host_memory_bytes;
  Update(worker);
  return indexes;
}

bool Pool::CanBeStarved(const Demand& demand) const { return demand.resources.slots > 1 || shares_are_out_; }

std::optional<Reservation> Pool::ReservationOn(const Room& room, const Demand& demand) const {
  std::vector<std::pair<Time, int32_t>> free_at;
  for (const Slot& slot : room.slots) {
    if (!slot.reserved && SlotWouldDo(slot.offer, demand.resources))
      free_at.emplace_back(FreeAt(slot.offer, snapshot_.now, demand.resources), slot.offer.index);
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
  for (Slot& slot : rooms_[best_worker].slots) {
    if (!std::binary_search(best->slots.begin(), best->slots.end(), slot.offer.index)) continue;
    slot.reserved = true;
    slot.reserved_from = best->ready;
  }
  Update(best_worker);
  return best;
}

Constraint Pool::Blocked(size_t worker, const Demand& demand) const {
  const Room& room = rooms_[worker];
  WorkerOffer left = *room.offer;
  left.free_host_memory_bytes = room.free_host_memory;
  for (size_t i = 0; i < left.slots.size(); ++i) left.slots[i] = room.slots[i].offer;
  const Constraint broken = FitsNow(left, demand.resources);
  if (broken != Constraint::kNone) return broken;
  return RankOf(worker, demand) ? Constraint::kNone : Constraint::kReserved;
}

}  // namespace optfleet::scheduler
