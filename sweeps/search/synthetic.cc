#include "sweeps/search/synthetic.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
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
constexpr double kOutside = 0.5;

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
  // Of what lies outside not far away: the least of a logarithm is nowhere.
  double PlaceOf(double number) const {
    double place = (number - least) / (most - least);
    if (least > 0) place = number > 0 ? std::log(number / least) / std::log(most / least) : -kOutside;
    return std::clamp(place, -kOutside, 1 + kOutside);
  }
};

std::string Joined(const SyntheticJob& job) {
  std::string text;
  for (const std::string& choice : job.choices) text += choice + "\n";
  return text;
}

double ExponentOf(const SyntheticJob& job, int32_t seed) {
  std::string name = "speed\n" + Joined(job);
  for (const double number : job.numbers) name += FormatNumber(number) + "\n";
  return kExponent * std::pow(kSpeeds, Drawn(name, seed, -1, 1));
}

}  // namespace

// What a job comes to at the end of the longest one.
class SyntheticLandscape::Ends {
 public:
  Ends(const SyntheticSpace& space, int32_t seed) : space_(space), seed_(seed) {
    for (const SyntheticJob& job : space.jobs) {
      const auto [known, is_new] = group_of_.try_emplace(Joined(job), groups_.size());
      if (is_new) groups_.push_back({job.choices, std::vector<Reach>(space.number_keys.size())});
      std::vector<Reach>& reaches = groups_[known->second].reaches;
      for (size_t axis = 0; axis < reaches.size(); ++axis) reaches[axis].Take(job.numbers[axis]);
    }
  }

  double Of(const SyntheticJob& job) const {
    double end = kFloor;
    for (size_t axis = 0; axis < space_.choice_keys.size(); ++axis)
      end += Drawn("choice\n" + space_.choice_keys[axis] + "\n" + job.choices[axis], seed_, 0, kMostOfChoice);
    const std::string choices = Joined(job);
    const std::vector<Reach>& reaches = ReachesOf(job, choices);
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
  // Jobs with equal choices.
  struct Group {
    std::vector<std::string> choices;
    std::vector<Reach> reaches;  // one for each axis of numbers
  };

  const std::vector<Reach>& ReachesOf(const SyntheticJob& job, const std::string& choices) const {
    const auto known = group_of_.find(choices);
    if (known != group_of_.end()) return groups_[known->second].reaches;
    const auto equal = [&](const Group& group) {
      return std::inner_product(job.choices.begin(), job.choices.end(), group.choices.begin(), 0,
                                std::plus<>(), std::equal_to<>());
    };
    return std::max_element(groups_.begin(), groups_.end(),
                            [&](const Group& a, const Group& b) { return equal(a) < equal(b); })
        ->reaches;
  }

  const SyntheticSpace& space_;
  int32_t seed_;
  std::vector<Group> groups_;
  std::unordered_map<std::string, size_t> group_of_;  // by the choices
};

SyntheticLandscape::SyntheticLandscape(const SyntheticSpace& space, int32_t seed)
    : seed_(seed), ends_(std::make_unique<const Ends>(space, seed)) {
  for (const SyntheticJob& job : space.jobs) longest_ = std::max(longest_, job.steps);
}
SyntheticLandscape::~SyntheticLandscape() = default;

Curve SyntheticLandscape::CurveOf(const SyntheticJob& job) const {
  const double end = ends_->Of(job);
  const double exponent = ExponentOf(job, seed_);
  const auto value_at = [&](int64_t step) {
    const double u = static_cast<double>(step) / static_cast<double>(longest_);
    return end + kFall * (std::pow(1 + kBend * u, -exponent) - std::pow(1 + kBend, -exponent));
  };
  Curve curve{.points = {}, .steps = job.steps, .seconds_per_step = job.seconds_per_step};
  for (const int64_t step : job.validations)
    if (step < job.steps) curve.points.push_back({step, value_at(step)});
  curve.points.push_back({job.steps, value_at(job.steps)});
  return curve;
}

std::vector<Curve> SyntheticCurves(const SyntheticSpace& space, int32_t seed) {
  const SyntheticLandscape landscape(space, seed);
  std::vector<Curve> curves;
  curves.reserve(space.jobs.size());
  for (const SyntheticJob& job : space.jobs) curves.push_back(landscape.CurveOf(job));
  return curves;
}

}  // namespace optfleet::sweeps
