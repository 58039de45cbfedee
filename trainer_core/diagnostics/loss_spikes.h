// Stability of a loss: counts its spikes. Pure.
//
// A loss is a spike if it is not finite, or if it exceeds the median of the last `window` calm losses by more
// than
//   max(threshold x 1.4826 MAD, 0.02 x median)
// where MAD is their median distance from the median; 1.4826 makes it a standard deviation where losses are
// normal. The second term keeps a loss that has all but stopped moving from spiking at every wiggle. Nothing
// is judged before half a window of calm losses is known.
//
// Spikes in consecutive steps are one spike, and no part of the window. A loss that stays high for a whole
// window has a new level: the window begins anew from there, and the count stays at one.
#pragma once

#include <cstdint>
#include <deque>

#include "common/json.h"
#include "common/result.h"

namespace optfleet::trainer {

class LossSpikes {
 public:
  LossSpikes(int64_t window, double threshold);

  void Add(double loss);  // of every step, in order

  int64_t spikes() const { return spikes_; }
  int64_t spike_steps() const { return spike_steps_; }  // in all of them
  double height() const { return height_; }  // largest finite excess over the median, nats; 0: none

  // Everything that decides what the next losses count as. DATA_LOSS if it is not from State().
  Json State() const;
  Status Restore(const Json& state);

 private:
  // Nats above the median where the loss is a spike, else 0.
  double ExcessOver(double loss) const;
  void Spike(double excess);

  const size_t window_;
  const double threshold_;
  std::deque<double> calm_;
  int64_t spikes_ = 0;
  int64_t spike_steps_ = 0;
  int64_t in_row_ = 0;  // spikes up to now
  double height_ = 0;
};

}  // namespace optfleet::trainer
