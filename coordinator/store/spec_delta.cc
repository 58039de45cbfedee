#include "coordinator/store/spec_delta.h"

#include <algorithm>
#include <utility>

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

// The scalar that `text` begins with, as the Scanner reads it; empty if there is none.
std::string_view LeadingScalar(std::string_view text) {
  if (text.empty() || text.front() != '"') return text.substr(0, text.find_first_of(",}{["));
  size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at < text.size() ? text.substr(0, at + 1) : std::string_view();
}

// Builds {"group":{"key":value,...},...} from left to right.
class DeltaText {
 public:
  void Append(std::string_view group, std::string_view key, std::string_view value) {
    if (group != group_) {
      text_.append(group_.empty() ? "{" : "},").append(group).append(":{");
      group_ = group;
    } else {
      text_ += ',';
    }
    text_.append(key).append(":").append(value);
  }
  std::string Finish() && { return text_.empty() ? "{}" : std::move(text_) + "}}"; }

 private:
  std::string text_;
  std::string_view group_;
};

}  // namespace

SpecBase::SpecBase(std::string_view text) : text_(text) {
  Scanner scanner(text);
  Item item;
  while (scanner.Next(&item)) {
    const auto begin = static_cast<size_t>(item.value.data() - text.data());
    places_.push_back({item.group, item.key, begin, begin + item.value.size()});
  }
  good_ = scanner.good();
}

std::optional<std::string> SpecBase::DeltaOf(std::string_view text) const {
  if (!good_) return std::nullopt;
  DeltaText delta;
  size_t here = 0;   // so far the two have been followed, here in the base
  size_t there = 0;  // and there in the text
  for (const Place& place : places_) {
    // With the character behind the value, which shows that the value ends there in both.
    const size_t same = place.end + 1 - here;
    if (text.substr(there, same) == text_.substr(here, same)) {
      there += same - 1;
      here = place.end;
      continue;
    }
    const size_t before = place.value - here;
    if (text.substr(there, before) != text_.substr(here, before)) return std::nullopt;
    const std::string_view value = LeadingScalar(text.substr(there + before));
    if (value.empty()) return std::nullopt;
    delta.Append(place.group, place.key, value);
    there += before + value.size();
    here = place.end;
  }
  if (text.substr(there) != text_.substr(here)) return std::nullopt;
  return std::move(delta).Finish();
}

std::optional<std::string> SpecBase::Apply(std::string_view delta) const {
  if (!good_) return std::nullopt;
  Scanner changes(delta);
  Item change;
  std::string text;
  text.reserve(text_.size() + delta.size());
  size_t copied = 0;
  auto place = places_.begin();
  while (changes.Next(&change)) {
    place = std::find_if(place, places_.end(), [&](const Place& one) {
      return one.key == change.key && one.group == change.group;
    });
    if (place == places_.end()) return std::nullopt;
    text.append(text_.substr(copied, place->value - copied)).append(change.value);
    copied = place->end;
  }
  if (!changes.good()) return std::nullopt;
  return text.append(text_.substr(copied));
}

}  // namespace optfleet::store
