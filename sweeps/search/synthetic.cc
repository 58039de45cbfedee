#include "sweeps/search/synthetic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "common/text.h"
#include "sweeps/search/random.h"

namespace optfleet::sweeps {
namespace {

constexpr double kFloor = 2;
constexpr double kFall = 3;
constexpr double kBend = 100;
constexpr double kMostOfChoice = 0.3;
constexpr double kLeastOptimum = 0.15;
constexpr double kMostOptimum = 0.85;
constexpr double kLeastWeight = 0.1;
constexpr double kMostWeight = 0.5;
constexpr double kExponent = 0.5;
constexpr double kSpeeds = 2;

// Drawn once for each thing that has a name.
double Drawn(const std::string& name, int32_t seed, double from, double to) {
  return from + (to - from) * Draws(SeedOf(name, seed)).Share();
}

struct Reach {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();

  void Take(double number) {
    least = std::min(least, number);
    most = std::max(most, number);
  }
  double PlaceOf(double number) const {
    if (least > 0) return std::log(number / least) / std::log(most / least);
    return (number - least) / (most - least);
  }
};

std::string Joined(const SyntheticJob& job) {
  std::string text;
  for (const std::string& choice : job.choices) text += choice + "\n";
  return text;
}

// What a job comes to at the end of the longest one.
class Ends {
 public:
  Ends(const SyntheticSpace& space, int32_t seed) : space_(space), seed_(seed) {
    for (const SyntheticJob& job : space.jobs) {
      auto& reaches = reaches_.try_emplace(Joined(job), space.number_keys.size()).first->second;
      for (size_t axis = 0; axis < reaches.size(); ++axis) reaches[axis].Take(job.numbers[axis]);
    }
  }

  double Of(const SyntheticJob& job) const {
    double end = kFloor;
    for (size_t axis = 0; axis < space_.choice_keys.size(); ++axis)
      end += Drawn("choice\n" + space_.choice_keys[axis] + "\n" + job.choices[axis], seed_, 0, kMostOfChoice);
    const std::string choices = Joined(job);
    const std::vector<Reach>& reaches = reaches_.at(choices);
    for (size_t axis = 0; axis < reaches.size(); ++axis) {
      if (!(reaches[axis].least < reaches[axis].most)) continue;
      const std::string& key = space_.number_keys[axis];
      const double optimum = Drawn("optimum\n" + key + "\n" + choices, seed_, kLeastOptimum, kMostOptimum);
      const double weight = Drawn("weight\n" + key, seed_, kLeastWeight, kMostWeight);
      end += 4 * weight * std::pow(reaches[axis].PlaceOf(job.numbers[axis]) - optimum, 2);
    }
    return end;
  }

 private:
  const SyntheticSpace& space_;
  int32_t seed_;
  std::unordered_map<std::string, std::vector<Reach>> reaches_;  // by the choices
};

double ExponentOf(const SyntheticJob& job, int32_t seed) {
  std::string name = "speed\n" + Joined(job);
  for (const double number : job.numbers) name += FormatNumber(number) + "\n";
  return kExponent * std::pow(kSpeeds, Drawn(name, seed, -1, 1));
}

}  // namespace

std::vector<Curve> SyntheticCurves(const SyntheticSpace& space, int32_t seed) {
  int64_t longest = 1;
  for (const SyntheticJob& job : space.jobs) longest = std::max(longest, job.steps);
  const Ends ends(space, seed);
  std::vector<Curve> curves;
  curves.reserve(space.jobs.size());
  for (const SyntheticJob& job : space.jobs) {
    const double end = ends.Of(job);
    const double exponent = ExponentOf(job, seed);
    const auto value_at = [&](int64_t step) {
      const double u = static_cast<double>(step) / static_cast<double>(longest);
      return end + kFall * (std::pow(1 + kBend * u, -exponent) - std::pow(1 + kBend, -exponent));
    };
    Curve curve{.points = {}, .steps = job.steps, .seconds_per_step = job.seconds_per_step};
    for (const int64_t step : job.validations)
      if (step < job.steps) curve.points.push_back({step, value_at(step)});
    curve.points.push_back({job.steps, value_at(job.steps)});
    curves.push_back(std::move(curve));
  }
  return curves;
}

}  // namespace optfleet::sweeps
