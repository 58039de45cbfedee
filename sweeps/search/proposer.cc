#include "sweeps/search/proposer.h"

#include <algorithm>

#include "sweeps/search/random.h"
#include "sweeps/search/tpe.h"
#include "sweeps/sobol.h"

namespace optfleet::sweeps {
namespace {

constexpr double kParts = 4294967296.0;  // 2^32

class SobolProposer final : public Proposer {
 public:
  SobolProposer(const Space& space, int32_t seed) : space_(space), seed_(seed) {}

  Point Propose(int32_t number, const History& /*history*/) const override {
    Point point;
    for (size_t i = 0; i < space_.size(); ++i)
      point.push_back(SobolShare(space_[i].key, seed_, number, static_cast<int>(i)));
    return point;
  }

 private:
  Space space_;
  int32_t seed_;
};

class RandomProposer final : public Proposer {
 public:
  RandomProposer(const Space& space, int32_t seed) : space_(space), seed_(seed) {}

  Point Propose(int32_t number, const History& /*history*/) const override {
    Point point;
    for (const Dimension& dimension : space_) point.push_back(RandomShare(dimension.key, seed_, number));
    return point;
  }

 private:
  Space space_;
  int32_t seed_;
};

class TpeProposer final : public Proposer {
 public:
  TpeProposer(const Space& space, int32_t seed) : space_(space), seed_(seed) {}

  Point Propose(int32_t number, const History& history) const override {
    return ProposeTpe({}, space_, seed_, number, history);
  }

 private:
  Space space_;
  int32_t seed_;
};

}  // namespace

int32_t IndexOf(double share, int32_t count) {
  return std::clamp(static_cast<int32_t>(share * count), 0, std::max(count - 1, 0));
}

double MiddleOf(int32_t index, int32_t count) { return (index + 0.5) / std::max(count, 1); }

std::unique_ptr<Proposer> MakeProposer(SearchMethod method, const Space& space, int32_t seed) {
  switch (method) {
    case SearchMethod::kSobol:
      return std::make_unique<SobolProposer>(space, seed);
    case SearchMethod::kRandom:
      return std::make_unique<RandomProposer>(space, seed);
    case SearchMethod::kTpe:
      return std::make_unique<TpeProposer>(space, seed);
  }
  return nullptr;
}

double RandomShare(std::string_view key, int32_t seed, int32_t number) {
  const uint64_t at = SeedOf(key, seed) + static_cast<uint32_t>(number) * kGoldenGamma;
  return static_cast<double>(Mixed(at) >> 32) / kParts;
}

double SobolShare(std::string_view key, int32_t seed, int32_t number, int dimension) {
  // A shift of all digits by the seed keeps the points as even as they are, and away from the corner.
  const auto shift = static_cast<uint32_t>(SeedOf(key, seed) >> 32);
  return static_cast<double>(Sobol(static_cast<uint32_t>(number), dimension) ^ shift) / kParts;
}

}  // namespace optfleet::sweeps
