#include "sweeps/dialects/olmo_run.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "common/json.h"
#include "common/text.h"
#include "spec/fields.h"
#include "sweeps/dialects/olmo_keys.h"

namespace optfleet::sweeps {
namespace {

// `lastlayer_correction` counts in output matrices with more rows.
constexpr int64_t kFewRows = 10'000;
constexpr double kZLoss = 1e-4;
// Warm-ups of linear and inverse-sqrt curves begin there, whatever alpha_0 says.
constexpr double kFixedStart = 0.1;
constexpr std::string_view kFreezes = "freeze_cosine_with_warmup";

template <size_t kCount>
using Names = std::array<std::pair<std::string_view, std::string_view>, kCount>;

constexpr Names<8> kRules{{{"adamw", "adamw"},
                           {"lionw", "lion"},
                           {"signsgd", "signum"},
                           {"sgdw", "sgd"},
                           {"adafactorw", "adafactor_momentum"},
                           {"adalayerw", "adalayer"},
                           {"adafactorw_last", "ema_sgd"},
                           {"adalayerw_last", "ema_sgd"}}};
constexpr Names<6> kSchedules{{{"cosine_with_warmup", "cosine"},
                               {kFreezes, "cosine"},
                               {"linear_with_warmup", "linear"},
                               {"inverse_sqrt_with_warmup", "inverse_sqrt"},
                               {"max_scheduler", "max_cosine_inverse_sqrt"},
                               {"constant", "constant"}}};
constexpr Names<3> kActivations{{{"gelu", "gelu"}, {"relu", "relu"}, {"swiglu", "swiglu"}}};
constexpr Names<2> kNorms{{{"default", "layernorm"}, {"rms", "rmsnorm"}}};
constexpr Names<2> kInits{{{"mitchell", "truncated_by_layer"}, {"normal", "normal"}}};
constexpr Names<3> kPrecisions{{{"amp_bf16", "bf16"}, {"fp32", "fp32"}, {"none", "fp32"}}};
constexpr Names<5> kRecomputed{
    {{"none", "0"}, {"whole_layer", "1"}, {"one_in_two", "2"}, {"one_in_three", "3"}, {"one_in_four", "4"}}};

class Translator {
 public:
  explicit Translator(OlmoConfig* config) : config_(*config) {}

  std::vector<NativeLine> Run() {
    Model();
    Dropout();
    Optimizer();
    Schedule();
    Data();
    Training();
    Keeping();
    DropUnread();
    return std::move(lines_);
  }

 private:
  // `from` is the key of theirs that it was made from.
  void Set(std::string_view key, std::string value, std::string_view from) {
    lines_.push_back({std::string(key), std::move(value), config_.PositionOf(from)});
  }
  void Set(std::string_view key, int64_t value, std::string_view from) {
    Set(key, std::to_string(value), from);
  }
  void SetNumber(std::string_view key, double value, std::string_view from) {
    Set(key, FormatNumber(value), from);
  }
  void SetFlag(std::string_view key, bool value, std::string_view from) {
    Set(key, value ? "true" : "false", from);
  }

  void Integer(std::string_view key, std::string_view from, int64_t otherwise = 0) {
    Set(key, config_.Integer(from).value_or(otherwise), from);
  }
  void Number(std::string_view key, std::string_view from, double otherwise = 0) {
    SetNumber(key, config_.Number(from).value_or(otherwise), from);
  }
  void Flag(std::string_view key, std::string_view from) { SetFlag(key, config_.True(from), from); }

  template <size_t kCount>
  void Name(std::string_view key, std::string_view from, const Names<kCount>& names) {
    const std::string given = config_.Text(from).value_or("none");
    const auto found =
        std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == given; });
    if (found != names.end()) return Set(key, std::string(found->second), from);
    std::string known;
    for (const auto& name : names)
      if (name.first != "none") known.append(known.empty() ? "" : ", ") += name.first;
    config_.Refuse(from, "`" + std::string(from) + "` must be one of " + known + " here, found " +
                             TruncateToWidth(given, 60));
  }

  void Model() {
    Integer("model.layers", "model.n_layers");
    Integer("model.width", "model.d_model");
    Integer("model.heads", "model.n_heads");
    if (config_.True("model.multi_query_attention"))
      Set("model.kv_heads", 1, "model.multi_query_attention");
    else
      Integer("model.kv_heads", "model.n_kv_heads");
    Mlp();
    const bool padded = config_.Integer("model.embedding_size").has_value();
    Integer("model.vocab_size", padded ? "model.embedding_size" : "model.vocab_size");
    Name("model.norm", "model.layer_norm_type", kNorms);
    Flag("model.qk_norm", "model.attention_layer_norm");
    Position();
    Flag("model.tie_output", "model.weight_tying");
    Flag("model.bias", "model.include_bias");
    if (const auto bias = config_.Boolean("model.bias_for_layer_norm"))
      Set("model.norm_bias", *bias ? "yes" : "no", "model.bias_for_layer_norm");
    Name("model.init", "model.init_fn", kInits);
    Number("model.init_std", "model.init_std");
  }

  void Mlp() {
    Name("model.mlp", "model.activation_type", kActivations);
    const auto hidden = config_.Integer("model.mlp_hidden_size");
    const int64_t width = config_.Integer("model.d_model").value_or(0);
    const int64_t whole = hidden.value_or(config_.Integer("model.mlp_ratio").value_or(4) * width);
    // Theirs counts the gate, too.
    const bool gated = config_.Text("model.activation_type") == "swiglu";
    Set("model.mlp_width", gated ? whole / 2 : whole, hidden ? "model.mlp_hidden_size" : "model.mlp_ratio");
  }

  void Position() {
    const bool rotary = config_.True("model.rope");
    const bool alibi = config_.True("model.alibi");
    if (rotary && alibi) config_.Refuse("model.alibi", "`model.alibi` and `model.rope` cannot both be true");
    Set("model.position",
        rotary  ? "rotary"
        : alibi ? "alibi"
                : "learned",
        rotary ? "model.rope" : "model.alibi");
  }

  void Dropout() {
    Number("model.embedding_dropout", "model.embedding_dropout");
    Number("model.attention_dropout", "model.attention_dropout");
    Number("model.residual_dropout", "model.residual_dropout");
  }

  bool Is(std::string_view name) { return config_.Text("optimizer.name") == name; }
  bool Freezes() { return Is("adalayerw") && config_.Integer("optimizer.t_freeze").has_value(); }

  void Optimizer() {
    if (Freezes())
      Set("optimizer.name", "adalayer_frozen", "optimizer.name");
    else
      Name("optimizer.name", "optimizer.name", kRules);
    Number("optimizer.learning_rate", "optimizer.learning_rate");
    Groups();
    Moments();
    Decay();
  }

  void Moments() {
    Number("optimizer.momentum", "optimizer.beta_0");
    if (config_.True("optimizer.use_dampening")) Number("optimizer.dampening", "optimizer.beta_0");
    Flag("optimizer.nesterov", "optimizer.nesterov");
    Number("optimizer.beta1", "optimizer.beta_0");
    Number("optimizer.beta2", config_.True("optimizer.tie_betas") ? "optimizer.beta_0" : "optimizer.beta_1");
    Number("optimizer.epsilon", "optimizer.eps");
    Flag("optimizer.rows_only", "optimizer.neuron_only");
    Flag("optimizer.split_qkv", "optimizer.att_correction");
  }

  void Groups() {
    if (Is("adalayerw")) return Freezes() ? FrozenGroups() : AdalayerGroups();
    if (Is("adalayerw_last")) {
      if (config_.True("optimizer.lastlayer_correction") && OutputRows() > kFewRows)
        Group("output", "adalayer_rows", "optimizer.lastlayer_correction");
      if (config_.True("optimizer.update_norm")) Group("norm", "adalayer", "optimizer.update_norm");
    } else if (Is("adafactorw_last")) {
      if (config_.True("optimizer.update_last"))
        Group("output", "adafactor_momentum", "optimizer.update_last");
      if (config_.True("optimizer.update_norm")) Group("norm", "adafactor_momentum", "optimizer.update_norm");
    } else {
      return;
    }
    LastRates();
  }

  void AdalayerGroups() {
    if (config_.True("optimizer.firstlayer_correction"))
      Group("embedding", "adalayer_rows", "optimizer.firstlayer_correction");
    if (config_.True("optimizer.lastlayer_correction") && OutputRows() > kFewRows)
      Group("output", "adalayer_rows", "optimizer.lastlayer_correction");
    if (config_.True("optimizer.no_norm_training")) Group("norm", "none", "optimizer.no_norm_training");
  }

  void FrozenGroups() {
    if (!config_.True("optimizer.lastlayer_correction") || config_.True("optimizer.firstlayer_correction"))
      config_.Refuse(
          "optimizer.t_freeze",
          "a frozen adalayerw is built with `lastlayer_correction` and without `firstlayer_correction`");
    if (config_.True("optimizer.update_last")) Group("output", "adalayer_primed", "optimizer.update_last");
    if (config_.True("optimizer.no_norm_training"))
      Group("norm", "none", "optimizer.no_norm_training");
    else if (config_.True("optimizer.update_norm"))
      Group("norm", "adalayer_primed", "optimizer.update_norm");
    LastRates();
  }

  void Group(std::string_view group, std::string_view rule, std::string_view from) {
    Set("optimizer.groups." + std::string(group) + ".name", std::string(rule), from);
  }

  // Of the groups that are updated by another rule than the rest.
  void LastRates() {
    std::string_view from = "optimizer.lr_last";
    std::optional<double> rate = config_.Number(from);
    if (const auto factor = config_.Number("optimizer.lr_last_multiplier"); factor && !rate) {
      from = "optimizer.lr_last_multiplier";
      rate = *factor * config_.Number("optimizer.learning_rate").value_or(0);
    }
    if (!rate) return;
    if (config_.True("optimizer.update_last"))
      SetNumber("optimizer.groups.output.learning_rate", *rate, from);
    if (config_.True("optimizer.update_norm")) SetNumber("optimizer.groups.norm.learning_rate", *rate, from);
  }

  int64_t OutputRows() {
    const auto padded = config_.Integer("model.embedding_size");
    return padded ? *padded : config_.Integer("model.vocab_size").value_or(0);
  }

  void Decay() {
    Number("optimizer.weight_decay", "optimizer.weight_decay");
    if (config_.Number("optimizer.weight_decay").value_or(0) == 0) return;
    const bool by_peak = config_.True("optimizer.decouple_weight_decay");
    Set("optimizer.decay_form", by_peak ? "decoupled_by_peak" : "decoupled",
        "optimizer.decouple_weight_decay");
    const auto older = config_.Boolean("optimizer.no_decay_norm_and_bias");
    const std::string_view from =
        older ? "optimizer.no_decay_norm_and_bias" : "optimizer.decay_norm_and_bias";
    const bool all = older ? !*older : config_.True(from);
    if (!all)
      for (const char* group : {"norm", "bias"}) NoDecay(group, from);
    if (!config_.True("optimizer.decay_embeddings"))
      for (const char* group : {"embedding", "position"}) NoDecay(group, "optimizer.decay_embeddings");
  }

  void NoDecay(const char* group, std::string_view from) {
    Set("optimizer.groups." + std::string(group) + ".weight_decay", "0", from);
  }

  // In the scheduler's units.
  void Length(std::string_view key, double length, std::string_view from) {
    const bool tokens = config_.Text("scheduler.units") == "tokens";
    Set(key, FormatNumber(length) + (tokens ? " tokens" : ""), from);
  }

  void Schedule() {
    const std::string name = config_.Text("scheduler.name").value_or("");
    Name("schedule.name", "scheduler.name", kSchedules);
    if (name != "constant")
      Length("schedule.warmup", config_.Number("scheduler.t_warmup").value_or(0), "scheduler.t_warmup");
    if (name == "linear_with_warmup" || name == "inverse_sqrt_with_warmup")
      SetNumber("schedule.start_ratio", kFixedStart, "scheduler.name");
    else
      Number("schedule.start_ratio", "scheduler.alpha_0");
    Number("schedule.final_ratio", "scheduler.alpha_f");
    if (name == kFreezes) Integer("schedule.freeze", "optimizer.t_freeze");
    if (const auto end = config_.Number("scheduler.t_max"))
      Length("schedule.horizon", *end, "scheduler.t_max");
  }

  void Data() {
    const auto paths = config_.List("data.paths");
    if (paths.size() > 1)
      config_.Refuse("data.paths",
                     "`data.paths` must be one file here, found " + std::to_string(paths.size()),
                     "put them together: cat *.npy > all.npy");
    Set("data.path", QuotedText(paths.empty() ? std::string(kNoOlmoData) : paths.front()), "data.paths");
    Set("data.format", "nanogpt", "data.paths");
    Integer("data.sequence_length", "model.max_sequence_length");
  }

  void Training() {
    Budget();
    const int64_t batch = config_.Integer("global_train_batch_size").value_or(0);
    Set("training.batch_size", batch, "global_train_batch_size");
    const auto micro = config_.Integer("device_train_microbatch_size");
    Set("training.micro_batch", std::min(batch, micro.value_or(batch)), "device_train_microbatch_size");
    Number("training.clip_norm", "max_grad_norm");
    if (const auto end = config_.Number("scheduler.grad_clip_warmup_steps")) {
      Length("training.clip_warmup", *end, "scheduler.grad_clip_warmup_steps");
      Number("training.clip_warmup_factor", "scheduler.grad_clip_warmup_factor", 1);
    }
    SetNumber("training.z_loss", config_.True("softmax_auxiliary_loss") ? kZLoss : 0,
              "softmax_auxiliary_loss");
    Name("training.precision", "precision", kPrecisions);
    Name("training.recompute_every", "activation_checkpointing", kRecomputed);
    Integer("training.seed", "seed");
    if (const auto seed = config_.Integer("data.seed")) Set("data.seed", *seed, "data.seed");
  }

  void Budget() {
    const std::string duration = config_.Text("max_duration").value_or("");
    if (duration.ends_with('T'))
      return Set("budget.tokens", duration.substr(0, duration.size() - 1), "max_duration");
    if (duration.ends_with("ep"))
      return config_.Refuse("max_duration",
                            "`max_duration` must be in steps or tokens here, found " + duration);
    const auto whole = config_.Integer("max_duration");
    const auto stop = config_.Integer("stop_at");
    const bool early = stop && whole && *stop < *whole;
    if (early && !config_.Number("scheduler.t_max")) Set("schedule.horizon", *whole, "max_duration");
    Integer("budget.steps", early ? "stop_at" : "max_duration");
  }

  void Keeping() {
    Integer("evaluation.every_steps", "eval_interval");
    Integer("evaluation.log_spaced", "eval_count_log_scale");
    const int64_t subset = config_.Integer("eval_subset_num_batches").value_or(-1);
    const int64_t batch = std::max<int64_t>(1, config_.Integer("global_train_batch_size").value_or(1));
    const int64_t sequences = subset * config_.Integer("device_eval_batch_size").value_or(0);
    Set("evaluation.batches", subset < 0 ? 0 : (sequences + batch - 1) / batch, "eval_subset_num_batches");
    Integer("checkpoint.every_steps", "save_interval");
    const int64_t keep = config_.Integer("save_num_checkpoints_to_keep").value_or(-1);
    Set("checkpoint.keep", keep < 1 ? 1000 : keep, "save_num_checkpoints_to_keep");
    Integer("checkpoint.keep_every_steps", "save_interval_unsharded");
    if (const auto every = config_.Integer("optimizer.metrics_log_interval"))
      Set("diagnostics.parameters_every_steps", *every, "optimizer.metrics_log_interval");
  }

  // To give a key to a run that does not read it is a mistake with us; with them it is a habit.
  void DropUnread() {
    spec::TrainingSpec spec;
    for (const spec::Field& field : spec::Fields())
      for (const NativeLine& line : lines_)
        if (line.key == field.key) Apply(field, line.value, &spec);
    std::erase_if(lines_, [&](const NativeLine& line) {
      const spec::Field* field = spec::FindField(line.key);
      return field != nullptr && !spec::IsUsed(*field, spec);
    });
  }

  static void Apply(const spec::Field& field, const std::string& text, spec::TrainingSpec* spec) {
    if (const auto value = spec::ParseValue(field, text, false)) field.set(*spec, *value);
  }

  OlmoConfig& config_;
  std::vector<NativeLine> lines_;
};

}  // namespace

std::vector<NativeLine> ToNative(OlmoConfig* config) { return Translator(config).Run(); }

}  // namespace optfleet::sweeps
