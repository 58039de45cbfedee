#include "coordinator/store/spec_delta.h"

namespace optfleet::store {
namespace {

// One scalar of the text, as it is written.
struct Item {
  std::string_view group;  // with its quotes
  std::string_view key;    // with its quotes
  std::string_view value;
};

// Reads {"group":{"key":value,...},...} from left to right. After a false of Next, `good` says whether the
// whole text had that form.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) { good_ = Take('{'); }

  bool Next(Item* item) {
    if (!good_ || done_) return false;
    if (!in_group_) {
      if (!EnterGroup()) return false;
    } else if (!Take(',')) {
      if (!LeaveGroup() || !EnterGroup()) return false;
    }
    item->group = group_;
    good_ = Quoted(&item->key) && Take(':') && Scalar(&item->value);
    return good_;
  }

  bool good() const { return good_ && done_ && at_ == text_.size(); }

 private:
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // False also at the end of the text, which is no mistake.
  bool EnterGroup() {
    if (first_group_ && Take('}')) {
      done_ = true;
      return false;
    }
    first_group_ = false;
    good_ = Quoted(&group_) && Take(':') && Take('{');
    in_group_ = good_;
    return good_;
  }

  // Behind a group comes another one or the end.
  bool LeaveGroup() {
    good_ = Take('}');
    in_group_ = false;
    if (!good_ || Take(',')) return good_;
    good_ = Take('}');
    done_ = good_;
    return false;
  }

  bool Quoted(std::string_view* token) {
    const size_t begin = at_;
    if (!Take('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (!Take('"')) return false;
    *token = text_.substr(begin, at_ - begin);
    return true;
  }

  bool Scalar(std::string_view* token) {
    if (at_ < text_.size() && text_[at_] == '"') return Quoted(token);
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != '{' &&
           text_[at_] != '[')
      ++at_;
    *token = text_.substr(begin, at_ - begin);
    return !token->empty();
  }

  std::string_view text_;
  std::string_view group_;
  size_t at_ = 0;
  bool good_ = false;
  bool done_ = false;
  bool in_group_ = false;
  bool first_group_ = true;
};

void Append(const Item& item, std::string_view* group, std::string* delta) {
  if (item.group != *group) {
    delta->append(group->empty() ? "{" : "},").append(item.group).append(":{");
    *group = item.group;
  } else {
    *delta += ',';
  }
  delta->append(item.key).append(":").append(item.value);
}

}  // namespace

std::optional<std::string> SpecDelta(std::string_view base, std::string_view text) {
  Scanner from(base);
  Scanner to(text);
  Item old_item;
  Item new_item;
  std::string delta;
  std::string_view group;
  while (true) {
    const bool more = from.Next(&old_item);
    if (more != to.Next(&new_item)) return std::nullopt;
    if (!more) break;
    if (old_item.group != new_item.group || old_item.key != new_item.key) return std::nullopt;
    if (old_item.value != new_item.value) Append(new_item, &group, &delta);
  }
  if (!from.good() || !to.good()) return std::nullopt;
  return delta.empty() ? "{}" : delta + "}}";
}

std::optional<std::string> ApplySpecDelta(std::string_view base, std::string_view delta) {
  Scanner from(base);
  Scanner changes(delta);
  Item item;
  Item change;
  bool changed = changes.Next(&change);
  std::string text;
  text.reserve(base.size() + delta.size());
  size_t copied = 0;
  while (from.Next(&item)) {
    if (!changed || item.group != change.group || item.key != change.key) continue;
    const auto begin = static_cast<size_t>(item.value.data() - base.data());
    text.append(base.substr(copied, begin - copied)).append(change.value);
    copied = begin + item.value.size();
    changed = changes.Next(&change);
  }
  if (changed || !changes.good() || !from.good()) return std::nullopt;
  return text.append(base.substr(copied));
}

}  // namespace optfleet::store
