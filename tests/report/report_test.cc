#include "optctl/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "optctl/report/html.h"
#include "tests/report/fixtures.h"

namespace optfleet::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t Occurrences(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(Report, SameDataGivesTheSameBytes) {
  EXPECT_EQ(RenderReport(QuickstartSweep()), RenderReport(QuickstartSweep()));
}

TEST(Report, EverySweepGivesAPageOfOneDataBlockTwoScriptsAndTwoStyles) {
  for (const auto& [name, data] : AllSweeps()) {
    const std::string page = RenderReport(data);
    EXPECT_EQ(Occurrences(page, "<script"), 3U) << name;
    EXPECT_EQ(Occurrences(page, "</script"), 3U) << name;
    EXPECT_EQ(Occurrences(page, "<style>"), 2U) << name;
    EXPECT_TRUE(page.ends_with("</html>\n")) << name;
  }
}

TEST(Report, HostileTextStaysText) {
  const std::string page = RenderReport(Hostile());
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("window.broken=1</script>")));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;script&gt;window.broken=1"));
}

TEST(Report, NamesNoAddressButThatOfTheLibraryInItsLicence) {
  const std::string page = RenderReport(QuickstartSweep());
  const std::regex address("(https?:)?//[a-z0-9.-]+\\.[a-z]+[^ \"')]*");
  std::vector<std::string> found;
  for (std::sregex_iterator it(page.begin(), page.end(), address), end; it != end; ++it)
    found.push_back(it->str());
  EXPECT_THAT(found, ::testing::UnorderedElementsAre("https://github.com/leeoniya/uPlot",
                                                     "http://www.w3.org/2000/svg"));
  EXPECT_THAT(page, HasSubstr("The MIT License"));
}

TEST(Report, PolicyForbidsEverythingButTheInlineTexts) {
  const std::string page = RenderReport(OneJob());
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; script-src " + CspHash(kChartScript) + " " +
                              CspHash(kPageScript) + "; style-src " + CspHash(kChartStyle) + " " +
                              CspHash(kPageStyle) + "; base-uri 'none'; form-action 'none'\""));
}

TEST(Report, TheAnswerIsThereWithoutAnyScript) {
  EXPECT_THAT(
      RenderReport(QuickstartSweep()),
      HasSubstr(
          "<p id=\"answer\">best: adamw batch 8 width 160 lr=3e-3: val loss 1.824, 2.63 bits/byte</p>"));
}

TEST(Report, ThirtyFourJobsStayBelowOneAndAHalfMegabytes) {
  ReportData data = QuickstartSweep();
  for (Job& job : data.jobs) {
    for (Series& series : job.series) {
      series.min = series.last;  // as thinned by the coordinator: three columns
      series.max = series.last;
      for (double& value : series.max) value *= 1.0123;
    }
    for (int i = 0; i < 3; ++i)
      job.series.insert(job.series.end(), job.series.begin(), job.series.begin() + 5 * (!job.series.empty()));
  }
  EXPECT_LT(RenderReport(data).size(), 1'500'000U);
}

TEST(CspHash, IsTheBase64OfTheDigest) {
  const WebAsset empty{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
  EXPECT_EQ(CspHash(empty), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
}

TEST(EscapeHtml, EscapesWhatEndsTextOrAttributes) {
  EXPECT_EQ(EscapeHtml("<a b='\"&\">"), "&lt;a b=&#39;&quot;&amp;&quot;&gt;");
}

}  // namespace
}  // namespace optfleet::report
