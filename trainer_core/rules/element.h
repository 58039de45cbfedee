// The arithmetic of element-wise update rules: what one step does to one weight w, given its gradient g and
// its state. CPU and GPU kernels run exactly this text, in fp32 with every operation rounded once (compiled
// without fused multiply-add), so a rule gives the same bits on every processor, with any number of threads.
//
// Figures that are the same for all weights of a step are computed by the caller in fp64 and rounded once;
// the members say what they hold. t counts applied updates from 1, lr is that of the step, decay is lambda.
// `shrink` is lr decay (decoupled decay) or 0, `coupled_decay` is decay (added to the gradient) or 0. A
// weight changes by one subtraction of the whole change: a factor 1 - shrink would lose most of shrink's
// digits.
#pragma once

#ifdef __CUDACC__
#define OPTFLEET_ELEMENT __host__ __device__ __forceinline__
#else
#define OPTFLEET_ELEMENT __attribute__((always_inline)) inline
#endif

namespace optfleet::rules {

OPTFLEET_ELEMENT float Root(float x) {
#ifdef __CUDA_ARCH__
  return __fsqrt_rn(x);
#else
  return __builtin_sqrtf(x);
#endif
}
OPTFLEET_ELEMENT float Magnitude(float x) { return x < 0 ? -x : x; }
// -1, 0 or 1, as torch.sign.
OPTFLEET_ELEMENT float Sign(float x) { return (x > 0 ? 1.0f : 0.0f) - (x < 0 ? 1.0f : 0.0f); }
OPTFLEET_ELEMENT float Lesser(float a, float b) { return a < b ? a : b; }
OPTFLEET_ELEMENT float Greater(float a, float b) { return a > b ? a : b; }

// What happens to a gradient before a rule sees it. Clipping by norm is a factor here and costs no pass over
// memory of its own.
struct GradientTransform {
  float scale = 1;
  float bound = __builtin_huge_valf();  // element-wise clipping to [-bound, bound]; infinite: none

  OPTFLEET_ELEMENT float operator()(float g) const { return Greater(-bound, Lesser(bound, g * scale)); }
};

// SGD without momentum: w <- w - shrink w - lr (g + decay w).
struct PlainSgd {
  static constexpr int kStates = 0;
  float learning_rate, shrink, coupled_decay;

  OPTFLEET_ELEMENT void operator()(float& w, float g) const {
    g = g + coupled_decay * w;
    w = w - (shrink * w + learning_rate * g);
  }
};

// SGD with momentum, as torch.optim.SGD (Nesterov's form: Sutskever et al. 2013):
//   b <- retained b + fresh g;   w <- w - shrink w - lr (from_gradient g + from_momentum b)
// retained = momentum, fresh = 1 - dampening (0 and 1 at the first update, where b = g); the last two are
// (0, 1), or (1, momentum) with Nesterov. With fresh = 1 - momentum from the first update on and lr divided
// by 1 - momentum^t it is the bias-corrected average of seed studies ("EMA-SGD").
struct MomentumSgd {
  static constexpr int kStates = 1;
  float learning_rate, shrink, coupled_decay, retained, fresh, from_gradient, from_momentum;

  OPTFLEET_ELEMENT void operator()(float& w, float g, float& b) const {
    g = g + coupled_decay * w;
    b = retained * b + fresh * g;
    w = w - (shrink * w + learning_rate * (from_gradient * g + from_momentum * b));
  }
};

// Adam (arXiv 1412.6980) and AdamW (arXiv 1711.05101), as torch.optim:
//   m <- m + (1-b1)(g - m);   v <- b2 v + (1-b2) g^2
//   w <- w - shrink w - step m / (sqrt(v) scale + epsilon),  step = lr / (1-b1^t),  scale = 1 / sqrt(1-b2^t)
struct Adam {
  static constexpr int kStates = 2;
  float step, shrink, coupled_decay, fresh1, beta2, fresh2, scale, epsilon;

  OPTFLEET_ELEMENT void operator()(float& w, float g, float& m, float& v) const {
    g = g + coupled_decay * w;
    m = m + fresh1 * (g - m);
    v = beta2 * v + fresh2 * (g * g);
    w = w - (shrink * w + step * (m / (Root(v) * scale + epsilon)));
  }
};

// Lion (arXiv 2302.06675):  u = b1 m + (1-b1) g;  w <- w - shrink w - lr sign(u);  m <- b2 m + (1-b2) g.
// With b1 = b2 it is Signum (arXiv 1802.04434), bit for bit the sign of the new m.
struct Lion {
  static constexpr int kStates = 1;
  float learning_rate, shrink, beta1, fresh1, beta2, fresh2;

  OPTFLEET_ELEMENT void operator()(float& w, float g, float& m) const {
    const float u = beta1 * m + fresh1 * g;
    w = w - (shrink * w + learning_rate * Sign(u));
    m = beta2 * m + fresh2 * g;
  }
};

// AdEMAMix (arXiv 2409.03137): Adam with a second, slow average s of the gradient that is not corrected.
//   w <- w - shrink w - lr (m correction + alpha s) / (sqrt(v) scale + epsilon),  correction = 1 / (1-b1^t)
struct AdEmaMix {
  static constexpr int kStates = 3;
  float learning_rate, shrink, fresh1, beta2, fresh2, fresh3, correction, alpha, scale, epsilon;

  OPTFLEET_ELEMENT void operator()(float& w, float g, float& m, float& v, float& s) const {
    m = m + fresh1 * (g - m);
    v = beta2 * v + fresh2 * (g * g);
    s = s + fresh3 * (g - s);
    w = w - (shrink * w + learning_rate * ((m * correction + alpha * s) / (Root(v) * scale + epsilon)));
  }
};

// Schedule-free SGD (arXiv 2405.15682). The weight is y, where gradients are taken; z is the state.
//   d = g + decay y;   y <- y + c (z - y) + y_step d;   z <- z - lr d
// c = share of this step in the average x, y_step = lr (momentum (1-c) - 1).
struct ScheduleFreeSgd {
  static constexpr int kStates = 1;
  float learning_rate, coupled_decay, share, y_step;

  OPTFLEET_ELEMENT void operator()(float& y, float g, float& z) const {
    const float d = g + coupled_decay * y;
    y = y + share * (z - y);
    y = y + y_step * d;
    z = z - learning_rate * d;
  }
};

// Schedule-free AdamW (arXiv 2405.15682): the same with d = g / (sqrt(v) scale + epsilon) + decay y.
struct ScheduleFreeAdamW {
  static constexpr int kStates = 2;
  float learning_rate, decay, beta2, fresh2, scale, epsilon, share, y_step;

  OPTFLEET_ELEMENT void operator()(float& y, float g, float& z, float& v) const {
    v = beta2 * v + fresh2 * (g * g);
    const float d = g / (Root(v) * scale + epsilon) + decay * y;
    y = y + share * (z - y);
    y = y + y_step * d;
    z = z - learning_rate * d;
  }
};

// Sophia-G (arXiv 2305.14342):  m <- m + (1-b1)(g - m);  w <- w - shrink w - lr sign(m) min(|m| / (rho_batch
// h + 1e-15), 1). rho_batch = rho times the tokens of a batch; h is renewed by SophiaCurvature.
struct Sophia {
  static constexpr int kStates = 2;
  float learning_rate, shrink, fresh1, rho_batch;

  OPTFLEET_ELEMENT void operator()(float& w, float g, float& m, const float& h) const {
    m = m + fresh1 * (g - m);
    const float ratio = Lesser(Magnitude(m) / (rho_batch * h + 1e-15f), 1.0f);
    w = w - (shrink * w + learning_rate * (Sign(m) * ratio));
  }
};

// Every few steps: g is the gradient of the loss at labels drawn from the model;  h <- b2 h + (1-b2) g^2.
struct SophiaCurvature {
  static constexpr int kStates = 2;
  float beta2, fresh2;

  OPTFLEET_ELEMENT void operator()(float&, float g, float&, float& h) const {
    h = beta2 * h + fresh2 * (g * g);
  }
};

}  // namespace optfleet::rules
