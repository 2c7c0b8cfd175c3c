#include "grammar/render.h"

#include <gtest/gtest.h>

#include "grammar/json_text.h"
#include "grammar/suggest.h"

namespace cairn {
namespace {

Span find(const Sources& sources, std::uint32_t file, const std::string& what, std::size_t nth = 0) {
  std::size_t at = sources.at(file).text.find(what);
  for (; nth > 0; --nth) at = sources.at(file).text.find(what, at + 1);
  return {file, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + what.size())};
}

TEST(Render, ShowsLabelsTabsAndUnicode) {
  Sources sources;
  const auto file =
      sources.add("shop.stack", "",
                  "service db {\n  image = \"x\"\n}\n\nservice api {\n\tlinks = [\"caf\xC3\xA9\", dbb]\n}\n");
  Diagnostics diagnostics;
  diagnostics.error("S0201", find(sources, file, "dbb"), "no service named `dbb`", "not found")
      .label(find(sources, file, "db"), "a service with a similar name")
      .note("a fact\nover two lines")
      .help("did you mean `db`?");
  EXPECT_EQ(render(sources, diagnostics.all()[0]),
            "error[S0201]: no service named `dbb`\n"
            " --> shop.stack:6:19\n"
            "  |\n"
            "1 | service db {\n"
            "  |         -- a service with a similar name\n"
            "...\n"
            "6 |     links = [\"caf\xC3\xA9\", dbb]\n"
            "  |                      ^^^ not found\n"
            "  = note: a fact\n"
            "          over two lines\n"
            "  = help: did you mean `db`?\n");
  EXPECT_EQ(render_line(sources, diagnostics.all()[0]),
            "shop.stack:6:19: error[S0201]: no service named `dbb`");
}

TEST(Render, ShowsSpansOverLinesAndOtherFiles) {
  Sources sources;
  const auto a = sources.add("a.stack", "", "x = [\n  1,\n  2\n]\n");
  const auto b = sources.add("b.stack", "", "y = 1\n");
  Diagnostics diagnostics;
  diagnostics.warning("L0001", {a, 4, 17}, "too long", "this list").label({b, 0, 1}, "and this");
  EXPECT_EQ(render(sources, diagnostics),
            "warning[L0001]: too long\n"
            " --> a.stack:1:5\n"
            "  |\n"
            "1 | x = [\n"
            "  |     ^\n"
            "...\n"
            "4 | ]\n"
            "  | ^ this list\n"
            " ::: b.stack:1:1\n"
            "  |\n"
            "1 | y = 1\n"
            "  | - and this\n"
            "\n"
            "1 warning\n");
}

TEST(Render, ShowsOfAVeryLongLineWhatIsMarked) {
  Sources sources;
  const std::string filling(100'000, 'e');
  // One with characters of several bytes, which are cut nowhere, and one without.
  for (const std::string& accent : {std::string("\xC3\xA9"), std::string("e")}) {
    const std::string line = filling + accent + " wrong " + accent + filling;
    const auto file = sources.add("long.stack", "", line);
    Diagnostics diagnostics;
    diagnostics.error("S0201", find(sources, file, "wrong"), "no value", "here");
    const std::string shown = render(sources, diagnostics.all()[0]);
    EXPECT_NE(shown.find(" --> long.stack:1:100003\n"), std::string::npos) << shown;
    const std::size_t text = shown.find("1 | …eee"), mark = shown.find("^^^^^ here");
    ASSERT_NE(text, std::string::npos) << shown;
    ASSERT_NE(mark, std::string::npos) << shown;
    EXPECT_NE(shown.find("eee…\n"), std::string::npos) << shown;
    // The mark stands under the word: `…` and `é` are a column each, and three and two bytes.
    const std::size_t word = shown.find(" wrong ") + 1;
    const std::size_t under = mark - (shown.rfind('\n', mark) + 1);
    EXPECT_EQ(under + 2 + (accent.size() - 1), word - text) << shown;
    EXPECT_LT(shown.size(), 600U);
  }
}

TEST(Render, SortsAndDropsRepetitions) {
  Sources sources;
  const auto file = sources.add("a.stack", "", "a\nb\n");
  Diagnostics diagnostics;
  diagnostics.error("S0002", {file, 2, 3}, "second");
  diagnostics.error("S0001", {file, 0, 1}, "first");
  diagnostics.error("S0001", {file, 0, 1}, "first");
  ASSERT_EQ(diagnostics.sorted().size(), 2U);
  EXPECT_EQ(diagnostics.sorted()[0].message, "first");
}

TEST(Render, SendsNoControlCharacterToATerminal) {
  Sources sources;
  const auto file = sources.add("a\x1b[2J.stack", "", "x = \"\x1b[31m\"\n");
  Diagnostics diagnostics;
  diagnostics.error("S0001", {file, 4, 5}, "bad \x1b[1m name");
  const std::string shown = render(sources, diagnostics);
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_NE(render(sources, diagnostics, true).find("\x1b[1;31merror"), std::string::npos);
}

TEST(Render, WritesJson) {
  Sources sources;
  const auto file = sources.add("a.stack", "", "x = 1\ny = 2\n");
  Diagnostics diagnostics;
  diagnostics.error("S0001", {file, 6, 7}, "a \"message\"", "here")
      .label({file, 0, 1}, "there")
      .help("do it");
  EXPECT_EQ(render_json(sources, diagnostics),
            "{\"errors\":1,\"warnings\":0,\"diagnostics\":[\n"
            "{\"severity\":\"error\",\"code\":\"S0001\",\"message\":\"a "
            "\\\"message\\\"\",\"file\":\"a.stack\",\"line\":2,\"column\":1,"
            "\"end_line\":2,\"end_column\":2,\"begin\":6,\"end\":7,\"label\":\"here\",\"labels\":[{\"file\":"
            "\"a.stack\",\"line\":1,"
            "\"column\":1,\"end_line\":1,\"end_column\":2,\"begin\":0,\"end\":1,\"text\":\"there\"}],"
            "\"notes\":[],\"helps\":[\"do it\"]}\n]}\n");
  EXPECT_EQ(render_json(sources, {}), "{\"errors\":0,\"warnings\":0,\"diagnostics\":[]}\n");
}

TEST(Render, WritesSarif) {
  Sources sources;
  const auto file = sources.add("my shop.stack", "", "x = 1\n");
  Diagnostics diagnostics;
  diagnostics.warning("L0001", {file, 0, 1}, "message").label({file, 4, 5}, "there").note("why");
  EXPECT_EQ(render_sarif(sources, diagnostics, {{"L0001", "A title", "An explanation.", ""}}, "1.2"),
            "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{"
            "\"tool\":{\"driver\":{\"name\":\"cairn\",\"version\":\"1.2\",\"rules\":[\n"
            "{\"id\":\"L0001\",\"shortDescription\":{\"text\":\"A "
            "title\"},\"fullDescription\":{\"text\":\"An explanation.\"}}]}},"
            "\"columnKind\":\"unicodeCodePoints\",\"results\":[\n"
            "{\"ruleId\":\"L0001\",\"ruleIndex\":0,\"level\":\"warning\",\"message\":{\"text\":"
            "\"message\\nnote: why\"},\"locations\":["
            "{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"my%20shop.stack\"},\"region\":{"
            "\"startLine\":1,\"startColumn\":1,"
            "\"endLine\":1,\"endColumn\":2,\"byteOffset\":0,\"byteLength\":1}}}],\"relatedLocations\":["
            "{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"my%20shop.stack\"},\"region\":{"
            "\"startLine\":1,\"startColumn\":5,"
            "\"endLine\":1,\"endColumn\":6,\"byteOffset\":4,\"byteLength\":1}},\"message\":{\"text\":"
            "\"there\"}}]}\n]}]}\n");
}

TEST(JsonQuote, EscapesAndRepairs) {
  EXPECT_EQ(json_quote("a\"\\\n\t\r\x01\x7f\xC3\xA9\xFFz"),
            "\"a\\\"\\\\\\n\\t\\r\\u0001\\u007f\xC3\xA9\xEF\xBF\xBDz\"");
}

TEST(Suggest, FindsTheNearestName) {
  const std::vector<std::string> names{"image", "command", "entrypoint", "env", "working_dir"};
  EXPECT_EQ(suggest("imge", names), "image");
  EXPECT_EQ(suggest("iamge", names), "image");
  EXPECT_EQ(suggest("Image", names), "image");
  EXPECT_EQ(suggest("working-dir", names), "working_dir");
  EXPECT_EQ(suggest("entryponts", names), "entrypoint");
  EXPECT_EQ(suggest("evn", names), "env");
  EXPECT_EQ(suggest("ports", names), std::nullopt);
  EXPECT_EQ(suggest("xy", names), std::nullopt);
  EXPECT_EQ(suggest("image", {"image"}), std::nullopt);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Sources, KnowLinesAndColumns) {
  Sources sources;
  const auto file = sources.add("a.stack", "",
                                "\xEF\xBB\xBF"
                                "a\r\n\xC3\xA9x\n");
  EXPECT_EQ(sources.line(file, 1), "a");
  EXPECT_EQ(sources.line(file, 2), "\xC3\xA9x");
  EXPECT_EQ(sources.line(file, 3), "");
  EXPECT_EQ(sources.show({file, 3, 4}), "a.stack:1:1");
  EXPECT_EQ(sources.show({file, 8, 9}), "a.stack:2:2");
  EXPECT_EQ(sources.place(file, 99).line, 3U);
}

}  // namespace
}  // namespace cairn
