#include "sweeps/dialects/olmo_keys.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace optfleet::sweeps {
namespace {

constexpr auto kInt = OlmoType::kInteger;
constexpr auto kNum = OlmoType::kNumber;
constexpr auto kBool = OlmoType::kBoolean;
constexpr auto kText = OlmoType::kText;
constexpr auto kList = OlmoType::kList;
constexpr auto kMapped = OlmoUse::kMapped;
constexpr auto kOnly = OlmoUse::kOnly;
constexpr auto kUnread = OlmoUse::kUnread;

constexpr std::string_view kPlaces = "where a run's files lie is the worker's business";
constexpr std::string_view kLoader = "how a loader works changes no number";
constexpr std::string_view kTokens = "files hold tokens";
constexpr std::string_view kRecorded = "every metric of every step is recorded";
constexpr std::string_view kWhole = "one device holds a whole model";
constexpr std::string_view kNoNumber = "changes no number";
constexpr std::string_view kGroups = "`optimizer.groups.norm` and `optimizer.groups.output`";
constexpr std::string_view kLastRate = "`optimizer.groups.*.learning_rate`";

// In the order in which they are documented. Defaults are those of the study's typed configuration.
constexpr OlmoKey kTable[] = {
    {"seed", kInt, "6198", kMapped, "`training.seed`"},
    {"max_duration", kInt, "10000", kMapped, "`budget.steps`; `3e9T` is `budget.tokens`"},
    {"stop_at", kInt, "null", kMapped, "`budget.steps`, with `schedule.horizon` staying at `max_duration`"},
    {"stop_after", kInt, "null", kOnly, ""},
    {"global_train_batch_size", kInt, "512", kMapped, "`training.batch_size`"},
    {"device_train_microbatch_size", kInt, "16", kMapped, "`training.micro_batch`, at most the batch"},
    {"device_train_batch_size", kInt, "null", kUnread, "follows from the batch"},
    {"device_train_grad_accum", kInt, "null", kUnread, "follows from the batch"},
    {"precision", kText, "null", kMapped, "`training.precision`: amp_bf16 is bf16, fp32 or nothing fp32"},
    {"max_grad_norm", kNum, "null", kMapped, "`training.clip_norm`"},
    {"max_grad_norm_ratio", kNum, "null", kOnly, ""},
    {"softmax_auxiliary_loss", kBool, "false", kMapped, "`training.z_loss` 1e-4 or 0"},
    {"activation_checkpointing", kText, "null", kMapped,
     "`training.recompute_every`: whole_layer 1, one_in_two 2 and so on"},
    {"eval_interval", kInt, "1000", kMapped, "`evaluation.every_steps`"},
    {"eval_count_log_scale", kInt, "null", kMapped, "`evaluation.log_spaced`"},
    {"eval_subset_num_batches", kInt, "-1", kMapped, "`evaluation.batches`, in batches of ours"},
    {"device_eval_batch_size", kInt, "16", kMapped, "with `eval_subset_num_batches`"},
    {"save_interval", kInt, "1000", kMapped, "`checkpoint.every_steps`"},
    {"save_num_checkpoints_to_keep", kInt, "-1", kMapped, "`checkpoint.keep`"},
    {"save_interval_unsharded", kInt, "null", kMapped, "`checkpoint.keep_every_steps`"},

    {"model.n_layers", kInt, "12", kMapped, "`model.layers`"},
    {"model.d_model", kInt, "768", kMapped, "`model.width`"},
    {"model.n_heads", kInt, "12", kMapped, "`model.heads`"},
    {"model.n_kv_heads", kInt, "null", kMapped, "`model.kv_heads`"},
    {"model.multi_query_attention", kBool, "null", kMapped, "`model.kv_heads` 1"},
    {"model.mlp_ratio", kInt, "4", kMapped, "`model.mlp_width`"},
    {"model.mlp_hidden_size", kInt, "null", kMapped, "`model.mlp_width`; half of it with swiglu"},
    {"model.activation_type", kText, "swiglu", kMapped, "`model.mlp`"},
    {"model.block_type", kText, "sequential", kOnly, "blocks are sequential"},
    {"model.block_group_size", kInt, "1", kUnread, kNoNumber},
    {"model.alibi", kBool, "false", kMapped, "`model.position`"},
    {"model.alibi_bias_max", kNum, "8.0", kOnly, "slopes reach 2^-8"},
    {"model.rope", kBool, "false", kMapped, "`model.position`"},
    {"model.rope_full_precision", kBool, "true", kOnly, "angles are computed in fp32"},
    {"model.flash_attention", kBool, "false", kUnread, "`model.attention` chooses by the device"},
    {"model.attention_dropout", kNum, "0.1", kMapped, "`model.attention_dropout`"},
    {"model.residual_dropout", kNum, "0.1", kMapped, "`model.residual_dropout`"},
    {"model.embedding_dropout", kNum, "0.1", kMapped, "`model.embedding_dropout`"},
    {"model.attention_layer_norm", kBool, "false", kMapped, "`model.qk_norm`"},
    {"model.attention_layer_norm_with_affine", kBool, "true", kOnly, "norms have gains"},
    {"model.layer_norm_type", kText, "default", kMapped, "`model.norm`"},
    {"model.layer_norm_with_affine", kBool, "true", kOnly, "norms have gains"},
    {"model.include_bias", kBool, "true", kMapped, "`model.bias`"},
    {"model.bias_for_layer_norm", kBool, "null", kMapped, "`model.norm_bias`"},
    {"model.scale_logits", kBool, "false", kOnly, "logits are not scaled"},
    {"model.max_sequence_length", kInt, "1024", kMapped, "`data.sequence_length`"},
    {"model.vocab_size", kInt, "50257", kMapped, "`model.vocab_size`, without an `embedding_size`"},
    {"model.embedding_size", kInt, "50304", kMapped, "`model.vocab_size`"},
    {"model.weight_tying", kBool, "true", kMapped, "`model.tie_output`"},
    {"model.eos_token_id", kInt, "50256", kUnread, "chunks are trained on as they are"},
    {"model.pad_token_id", kInt, "50256", kUnread, "no chunk is padded"},
    {"model.init_device", kText, "null", kUnread, kNoNumber},
    {"model.init_fn", kText, "normal", kMapped, "`model.init`: mitchell is truncated_by_layer"},
    {"model.init_std", kNum, "0.02", kMapped, "`model.init_std`"},
    {"model.init_cutoff_factor", kNum, "null", kOnly, ""},
    {"model.clip_qkv", kNum, "null", kOnly, ""},
    {"model.precision", kText, "null", kUnread, "as `precision`"},

    {"optimizer.name", kText, "lionw", kMapped, "`optimizer.name`, see above"},
    {"optimizer.learning_rate", kNum, "1.0e-4", kMapped, "`optimizer.learning_rate`"},
    {"optimizer.weight_decay", kNum, "0.01", kMapped, "`optimizer.weight_decay`"},
    {"optimizer.decouple_weight_decay", kBool, "false", kMapped,
     "`optimizer.decay_form` decoupled_by_peak, else decoupled"},
    {"optimizer.beta_0", kNum, "0.9", kMapped, "`optimizer.beta1`, or `momentum` of the SGD rules"},
    {"optimizer.beta_1", kNum, "0.95", kMapped, "`optimizer.beta2`"},
    {"optimizer.tie_betas", kBool, "false", kMapped, "`optimizer.beta2` as `beta1`"},
    {"optimizer.eps", kNum, "1.0e-8", kMapped, "`optimizer.epsilon`"},
    {"optimizer.use_dampening", kBool, "false", kMapped, "`optimizer.dampening` as `momentum`"},
    {"optimizer.nesterov", kBool, "false", kMapped, "`optimizer.nesterov`"},
    {"optimizer.neuron_only", kBool, "false", kMapped, "`optimizer.rows_only`"},
    {"optimizer.att_correction", kBool, "false", kMapped, "`optimizer.split_qkv`"},
    {"optimizer.lastlayer_correction", kBool, "false", kMapped, "`optimizer.groups.output.name`"},
    {"optimizer.firstlayer_correction", kBool, "false", kMapped, "`optimizer.groups.embedding.name`"},
    {"optimizer.t_freeze", kInt, "null", kMapped, "`schedule.freeze` and adalayer_frozen"},
    {"optimizer.update_last", kBool, "true", kMapped, kGroups},
    {"optimizer.update_norm", kBool, "false", kMapped, kGroups},
    {"optimizer.no_norm_training", kBool, "false", kMapped, "`optimizer.groups.norm.name` none"},
    {"optimizer.lr_last", kNum, "null", kMapped, kLastRate},
    {"optimizer.lr_last_multiplier", kNum, "null", kMapped, kLastRate},
    {"optimizer.no_decay_norm_and_bias", kBool, "null", kMapped, "as `decay_norm_and_bias: false`"},
    {"optimizer.decay_norm_and_bias", kBool, "false", kMapped, "`optimizer.groups.*.weight_decay`"},
    {"optimizer.decay_embeddings", kBool, "false", kMapped, "`optimizer.groups.*.weight_decay`"},
    {"optimizer.metrics_log_interval", kInt, "null", kMapped, "`diagnostics.parameters_every_steps`"},

    {"scheduler.name", kText, "cosine_with_warmup", kMapped, "`schedule.name`, see above"},
    {"scheduler.units", kText, "steps", kMapped, "lengths in steps or in tokens"},
    {"scheduler.t_warmup", kNum, "100", kMapped, "`schedule.warmup`"},
    {"scheduler.t_max", kNum, "null", kMapped, "`schedule.horizon`"},
    {"scheduler.alpha_0", kNum, "0.1", kMapped, "`schedule.start_ratio`; 0.1 in linear and inverse_sqrt"},
    {"scheduler.alpha_f", kNum, "0.1", kMapped, "`schedule.final_ratio`"},
    {"scheduler.grad_clip_warmup_steps", kNum, "null", kMapped, "`training.clip_warmup`"},
    {"scheduler.grad_clip_warmup_factor", kNum, "null", kMapped, "`training.clip_warmup_factor`"},

    {"data.paths", kList, "null", kMapped, "`data.path`, raw tokens of two bytes: one file"},
    {"data.datasets", kList, "null", kOnly, ""},
    {"data.label_mask_paths", kList, "null", kOnly, ""},
    {"data.generate_attention_mask", kBool, "false", kOnly, "no token is masked"},
    {"data.seed", kInt, "null", kMapped, "`data.seed`; null takes `seed`"},
    {"data.pad_direction", kText, "right", kUnread, kLoader},
    {"data.num_workers", kInt, "0", kUnread, kLoader},
    {"data.drop_last", kBool, "false", kUnread, kLoader},
    {"data.pin_memory", kBool, "false", kUnread, kLoader},
    {"data.prefetch_factor", kInt, "null", kUnread, kLoader},
    {"data.persistent_workers", kBool, "false", kUnread, kLoader},
    {"data.timeout", kNum, "0", kUnread, kLoader},

    {"run_name", kText, "null", kUnread, "sweep and number name a job"},
    {"load_path", kText, "null", kOnly, "name weights by `start.weights`"},
    {"reset_optimizer_state", kBool, "false", kOnly, ""},
    {"reset_trainer_state", kBool, "false", kOnly, ""},
    {"early_stopping_factor", kNum, "null", kOnly, ""},
    {"epoch", kInt, "null", kOnly, ""},
    {"dry_run", kBool, "false", kUnread, "`optctl plan` is one"},
    {"requeue", kBool, "false", kUnread, "attempts resume by themselves"},
    {"restore_dataloader", kBool, "true", kOnly, "the order of the data goes on"},
    {"fast_forward_batches", kInt, "null", kOnly, ""},
    {"time_limit", kNum, "171000", kUnread, "attempts resume by themselves"},
    {"extra_steps_after_cancel", kInt, "10", kUnread, "a stop is heard at each step"},
    {"canceled_check_interval", kInt, "50", kUnread, "a stop is heard at each step"},
    {"save_folder", kText, "null", kUnread, kPlaces},
    {"remote_save_folder", kText, "null", kUnread, kPlaces},
    {"save_overwrite", kBool, "false", kUnread, kPlaces},
    {"save_count_log_scale", kInt, "null", kUnread, "checkpoints come in even steps"},
    {"save_count_log_scale_unsharded", kInt, "null", kUnread, "checkpoints come in even steps"},
    {"save_interval_ephemeral", kInt, "null", kUnread, "`save_interval` does its work"},
    {"save_num_unsharded_checkpoints_to_keep", kInt, "-1", kUnread, "say `keep_checkpoints` of a sweep"},
    {"force_save_unsharded", kBool, "false", kUnread, kNoNumber},
    {"no_pre_train_checkpoint", kBool, "false", kUnread, kNoNumber},
    {"load_path_sharded_checkpointer", kText, "null", kUnread, kNoNumber},
    {"sharded_checkpointer", kText, "null", kUnread, kNoNumber},
    {"new_style_checkpoints", kBool, "null", kUnread, kNoNumber},
    {"eval_on_load", kBool, "false", kUnread, kNoNumber},
    {"console_log_interval", kInt, "1", kUnread, kNoNumber},
    {"save_data_indices", kBool, "true", kUnread, kNoNumber},
    {"python_profiling", kBool, "false", kUnread, kNoNumber},
    {"torch_profiling", kBool, "false", kUnread, kNoNumber},
    {"fused_loss", kBool, "null", kUnread, kNoNumber},
    {"evaluators", kList, "null", kUnread, "a share of `data.path` validates"},
    {"tokenizer.identifier", kText, "gpt2", kUnread, kTokens},
    {"tokenizer.truncate_direction", kText, "right", kUnread, kTokens},
    {"wandb.project", kText, "null", kUnread, kRecorded},
    {"wandb.entity", kText, "null", kUnread, kRecorded},
    {"wandb.group", kText, "null", kUnread, kRecorded},
    {"wandb.name", kText, "null", kUnread, kRecorded},
    {"wandb.tags", kList, "null", kUnread, kRecorded},
    {"wandb.log_artifacts", kBool, "false", kUnread, kRecorded},
    {"wandb.rank_zero_only", kBool, "true", kUnread, kRecorded},
    {"wandb.log_interval", kInt, "1", kUnread, kRecorded},
    {"speed_monitor.window_size", kInt, "100", kUnread, kRecorded},
    {"speed_monitor.gpu_flops_available", kNum, "null", kUnread, "`diagnostics.peak_flops`"},
    {"compile.mode", kText, "null", kUnread, kNoNumber},
    {"compile.fullgraph", kBool, "false", kUnread, kNoNumber},
    {"compile.backend", kText, "inductor", kUnread, kNoNumber},
    {"fsdp.use_orig_params", kBool, "true", kUnread, kWhole},
    {"fsdp.sharding_strategy", kText, "FULL_SHARD", kUnread, kWhole},
    {"fsdp.wrapping_strategy", kText, "null", kUnread, kWhole},
    {"fsdp.precision", kText, "pure", kUnread, kWhole},
};

}  // namespace

std::span<const OlmoKey> OlmoKeys() { return kTable; }

// Asked for every key at each point.
const OlmoKey* FindOlmoKey(std::string_view key) {
  static const auto by_key = [] {
    std::unordered_map<std::string_view, const OlmoKey*> made;
    for (const OlmoKey& one : kTable) made.emplace(one.key, &one);
    return made;
  }();
  const auto found = by_key.find(key);
  return found == by_key.end() ? nullptr : found->second;
}

bool IsOlmoGroup(std::string_view key) {
  return std::any_of(std::begin(kTable), std::end(kTable), [&](const OlmoKey& one) {
    return one.key.size() > key.size() && one.key.starts_with(key) && one.key[key.size()] == '.';
  });
}

std::string_view OlmoTypeName(OlmoType type) {
  switch (type) {
    case OlmoType::kInteger:
      return "a whole number";
    case OlmoType::kNumber:
      return "a number";
    case OlmoType::kBoolean:
      return "true or false";
    case OlmoType::kText:
      return "a text";
    case OlmoType::kList:
      break;
  }
  return "a list";
}

std::string OlmoMeaning(const OlmoKey& key) {
  const std::string becomes(key.becomes);
  if (key.use == OlmoUse::kOnly) return "must stay as it is" + (becomes.empty() ? becomes : ": " + becomes);
  return (key.use == OlmoUse::kUnread ? "not read: " : "") + becomes;
}

std::string OlmoMarkdown() {
  std::string text = "| key | without it | here |\n|---|---|---|\n";
  for (const OlmoKey& key : OlmoKeys()) {
    text += "| `" + std::string(key.key) + "` | " + std::string(key.otherwise) + " | " + OlmoMeaning(key) +
            " |\n";
  }
  return text;
}

}  // namespace optfleet::sweeps
