// 2-norms of gradients and updates by place: block, table, final norm.
#include <ATen/ATen.h>

#include <map>

#include "trainer_core/diagnostics/kind.h"
#include "trainer_core/diagnostics/sums.h"

namespace optfleet::trainer {
namespace {

// Sums of squares by place, in the order of the first parameter of each.
class SquaresByPlace {
 public:
  void Add(const std::string& place, const at::Tensor& square) {
    const auto [entry, is_new] = index_.try_emplace(place, sums_.size());
    if (is_new) {
      sums_.emplace_back(place, square);
    } else {
      sums_[entry->second].second = sums_[entry->second].second + square;
    }
  }
  const std::vector<std::pair<std::string, at::Tensor>>& sums() const { return sums_; }
  at::Tensor Total() const {
    at::Tensor total = sums_.front().second;
    for (size_t i = 1; i < sums_.size(); ++i) total = total + sums_[i].second;
    return total;
  }

 private:
  std::map<std::string, size_t> index_;
  std::vector<std::pair<std::string, at::Tensor>> sums_;
};

bool IsOfNorm(const std::string& name) { return name.find("norm") != std::string::npos; }

class GradientNorms final : public Kind {
 public:
  void BeforeUpdate(const UpdateView& view, Figures* figures) override {
    SquaresByPlace squares, norms;
    for (const auto& [name, tensor] : view.parameters) {
      const at::Tensor square = SumOfSquares(tensor.grad());
      squares.Add(PlaceOf(name), square);
      if (IsOfNorm(name)) norms.Add("norms", square);
    }
    for (const auto& [place, sum] : squares.sums()) figures->Add("grad_norm/" + place, sum.sqrt());
    for (const auto& [place, sum] : norms.sums()) figures->Add("grad_norm/" + place, sum.sqrt());
  }
};

class UpdateNorms final : public Kind {
 public:
  void BeforeUpdate(const UpdateView& view, Figures*) override {
    for (const auto& parameter : view.parameters) before_.push_back(parameter.tensor.detach().clone());
  }
  void AfterUpdate(const UpdateView& view, Figures* figures) override {
    SquaresByPlace updates, weights;
    for (size_t i = 0; i < before_.size(); ++i) {
      const auto& [name, tensor] = view.parameters[i];
      updates.Add(PlaceOf(name), SumOfSquaredDifference(tensor, before_[i]));
      weights.Add(PlaceOf(name), SumOfSquares(before_[i]));
    }
    before_.clear();
    AddBoth("", updates.Total(), weights.Total(), figures);
    for (size_t i = 0; i < updates.sums().size(); ++i)
      AddBoth("/" + updates.sums()[i].first, updates.sums()[i].second, weights.sums()[i].second, figures);
  }

 private:
  static void AddBoth(const std::string& place, const at::Tensor& update, const at::Tensor& weight,
                      Figures* figures) {
    figures->Add("update_norm" + place, update.sqrt());
    figures->Add("update_ratio" + place, (update / weight).sqrt());
  }

  std::vector<at::Tensor> before_;  // weights, between the two calls
};

}  // namespace

std::string PlaceOf(const std::string& parameter) {
  const size_t first = parameter.find('.');
  if (!parameter.starts_with("blocks.")) return parameter.substr(0, first);
  return parameter.substr(0, parameter.find('.', first + 1));
}

std::unique_ptr<Kind> MakeGradientNorms() { return std::make_unique<GradientNorms>(); }
std::unique_ptr<Kind> MakeUpdateNorms() { return std::make_unique<UpdateNorms>(); }

}  // namespace optfleet::trainer
