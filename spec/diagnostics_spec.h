// The part of the spec that says which figures about training are recorded besides loss, gradient norm and
// speed. None of them changes a number of the training (docs/diagnostics.md defines each).
#pragma once

#include <cstdint>

namespace optfleet::spec {

// kEnds: the first, the middle (layers / 2) and the last block.
enum class LayerChoice { kNone, kEnds, kAll };

struct DiagnosticsSpec {
  bool gradient_norms = false;  // by block, and of all norms
  bool update_norms = false;    // and over weight norms
  LayerChoice activation_rms = LayerChoice::kNone;
  LayerChoice attention_entropy = LayerChoice::kNone;
  bool adam_moments = false;
  bool lion_cosine = false;
  bool clipping_rate = false;
  bool gradient_coherence = false;  // this and the next need more than one microbatch
  bool noise_scale = false;
  double noise_decay = 0.9;  // of the two averages whose ratio the noise scale is
  bool loss_spikes = false;
  int64_t spike_window = 64;   // finite losses that a loss is compared with
  double spike_threshold = 6;  // in robust standard deviations
  bool phase_times = false;
  bool flops = false;
  double peak_flops = 0;               // of the device, per second; 0: that of its name, if known
  int64_t every_steps = 10;            // for all of the above
  int64_t parameters_every_steps = 0;  // min, max, mean and norm of every tensor; 0: never
  friend bool operator==(const DiagnosticsSpec&, const DiagnosticsSpec&) = default;
};

}  // namespace optfleet::spec
