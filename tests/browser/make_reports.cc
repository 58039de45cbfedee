// Writes the reports of all made-up sweeps into a folder, for the browser: make_reports DIR.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "optctl/report/report.h"
#include "tests/report/fixtures.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_reports DIR\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  for (const auto& [name, data] : optfleet::report::AllSweeps()) {
    std::ofstream out(folder / (name + ".html"), std::ios::binary);
    out << optfleet::report::RenderReport(data);
    if (!out.flush()) {
      std::fprintf(stderr, "cannot write %s.html\n", name.c_str());
      return 1;
    }
  }
  return 0;
}
