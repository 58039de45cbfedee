// What is tried next: one interface over the methods that draw points one after the other.
//
// Points lie in the unit cube: a share of the range of each dimension, of the logarithms if the range is
// logarithmic; so linear and logarithmic ranges are the same here. The share of a whole number or a choice is
// anywhere in its part of the range (IndexOf), and the middle of it where a method can say so.
//
// Pure. A proposer is constant: usable from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace optfleet::sweeps {

struct Dimension {
  enum class Kind : uint8_t { kContinuous, kWhole, kChoice };
  std::string key;  // each draws numbers of its own by its key
  Kind kind = Kind::kContinuous;
  int32_t count = 0;  // of the whole numbers, which are in order, or of the choices, which are not
};
using Space = std::vector<Dimension>;
using Point = std::vector<double>;  // from 0, below 1; one for each dimension

int32_t IndexOf(double share, int32_t count);
double MiddleOf(int32_t index, int32_t count);

// A point that was proposed before, and what came of it.
struct Trial {
  enum class State : uint8_t {
    kRunning,  // or waits
    kEnded,    // with `value`
    kFailed,   // diverged, out of memory: as bad as can be
  };
  int32_t number = 0;
  Point point;
  State state = State::kRunning;
  double value = 0;  // less is better; what is not finite has failed
};
using History = std::vector<Trial>;

class Proposer {
 public:
  virtual ~Proposer() = default;
  // The point of that number, from 0. Of the history only trials with smaller numbers count, in any order (of
  // two with one number the last); so it is the same however many points are wanted after it.
  virtual Point Propose(int32_t number, const History& history) const = 0;
};

// kSobol is for at most kMostSobolDimensions (sweeps/sobol.h).
enum class SearchMethod : uint8_t { kSobol, kRandom, kTpe };
std::unique_ptr<Proposer> MakeProposer(SearchMethod method, const Space& space, int32_t seed);

// Coordinate of a point that was drawn without a history.
double RandomShare(std::string_view key, int32_t seed, int32_t number);
double SobolShare(std::string_view key, int32_t seed, int32_t number, int dimension);

}  // namespace optfleet::sweeps
