// Tables for people: a header in capitals, columns two spaces apart, numbers to the right. Pure.
#pragma once

#include <string>
#include <vector>

namespace optfleet::output {

enum class Align { kLeft, kRight };

struct Column {
  std::string header;
  Align align = Align::kLeft;
  bool shrinks = false;  // may be cut where the table is too wide; names and figures never are
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell per column; an empty cell is shown as "-".
  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // Lines without trailing spaces, each ending in a newline. `width` in columns of the terminal,
  // kUnlimitedWidth for no limit: the widest shrinking columns give way first; what cannot give way overflows
  // rather than lose a digit. `unicode` chooses the mark of a cut.
  std::string Render(int width, bool unicode) const;

 private:
  std::vector<int> Widths(int limit) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace optfleet::output
