#include "optctl/output/table.h"

#include <algorithm>
#include <numeric>

#include "common/text.h"
#include "optctl/output/cut.h"
#include "optctl/output/terminal.h"

namespace optfleet::output {
namespace {

constexpr int kGap = 2;
constexpr int kLeastShrunk = 8;  // columns that a cut cell keeps

std::string Line(const std::vector<std::string>& cells, const std::vector<Column>& columns,
                 const std::vector<int>& widths, bool unicode) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto width = static_cast<size_t>(widths[i]);
    const std::string cell = columns[i].shrinks ? Cut(cells[i], widths[i], unicode) : cells[i];
    if (i > 0) line.append(kGap, ' ');
    line += columns[i].align == Align::kRight ? PadLeft(cell, width) : PadRight(cell, width);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

void Table::Add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) {
    if (cell.empty()) cell = "-";
    // A line break or an escape sequence of a name must not take the table apart.
    std::replace_if(
        cell.begin(), cell.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  }
  rows_.push_back(std::move(cells));
}

std::vector<int> Table::Widths(int limit) const {
  std::vector<int> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t widest = DisplayWidth(columns_[i].header);
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[i]));
    widths.push_back(static_cast<int>(widest));
  }
  if (limit == kUnlimitedWidth) return widths;
  int excess =
      std::accumulate(widths.begin(), widths.end(), 0) + kGap * (static_cast<int>(widths.size()) - 1) - limit;
  while (excess > 0) {
    int* widest = nullptr;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].shrinks && widths[i] > kLeastShrunk && (widest == nullptr || widths[i] > *widest))
        widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
    --excess;
  }
  return widths;
}

std::string Table::Render(int width, bool unicode) const {
  const std::vector<int> widths = Widths(width);
  std::vector<std::string> headers;
  for (const Column& column : columns_) headers.push_back(column.header);
  std::string text = Line(headers, columns_, widths, unicode);
  for (const auto& row : rows_) text += Line(row, columns_, widths, unicode);
  return text;
}

}  // namespace optfleet::output
