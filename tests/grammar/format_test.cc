// Formatting means the same, keeps every comment, and changes nothing the second time.
#include "grammar/format.h"

#include <gtest/gtest.h>

#include <random>

#include "grammar/diff.h"
#include "grammar/parse.h"
#include "grammar/render.h"
#include "grammar/show.h"
#include "tests/golden.h"

namespace cairn {
namespace {

using Path = std::filesystem::path;

// The formatted text; fails the test when it does not hold what format.h promises.
std::string formatted(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  const syntax::File file = parse(sources, sources.add("a.stack", "", text), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << text << render(sources, diagnostics);
  if (!diagnostics.empty()) return {};
  const std::string once = format(sources, file);
  const syntax::File again = parse(sources, sources.add("b.stack", "", once), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << once << render(sources, diagnostics);
  EXPECT_TRUE(equal(file, again)) << text << "-----\n" << once << show_syntax(file) << show_syntax(again);
  EXPECT_EQ(file.comments.size(), again.comments.size()) << text << "-----\n" << once;
  EXPECT_EQ(format(sources, again), once);
  return once;
}

std::string formatted_name_of(const testing::TestParamInfo<Path>& tested) {
  return golden::test_name(tested.param);
}

class FormatGolden : public testing::TestWithParam<Path> {};
TEST_P(FormatGolden, LooksLikeThis) {
  const Path path = GetParam();
  golden::compare(Path(path).replace_extension(".expected"), formatted(golden::read(path)));
}
INSTANTIATE_TEST_SUITE_P(Golden, FormatGolden,
                         testing::ValuesIn(golden::files(golden::folder("format"), ".stack")),
                         formatted_name_of);

TEST(Format, HoldsForEveryFileOfTheRepository) {
  std::size_t count = 0;
  for (const char* folder : {"examples", "stdlib", "tests/golden/syntax/ok", "tests/golden/format"}) {
    for (const Path& path : golden::files(Path(CAIRN_SOURCE_DIR) / folder, ".stack")) {
      SCOPED_TRACE(path);
      formatted(golden::read(path));
      ++count;
    }
  }
  EXPECT_GT(count, 50U);
}

// Random files from the whole grammar, with random blanks, newlines and comments wherever one may stand.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string file() {
    std::string out;
    for (int i = below(5); i >= 0; --i) out += fill() + statement(0) + stop();
    return out + fill();
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool rarely(int n = 6) { return below(n) == 0; }
  std::string pick(std::initializer_list<const char*> of) {
    return *(of.begin() + below(static_cast<int>(of.size())));
  }

  std::string blanks() { return pick({"", "", " ", "  ", "\t"}); }
  std::string comment() {
    return pick({"# c", "## doc", "### x", "#", "# cairn: allow L0001 because x", "# \"a"}) + "\n";
  }
  std::string gaps() {
    std::string out = blanks();
    while (rarely(4)) out += rarely(3) ? comment() + blanks() : pick({"\n", "\n\n", "\r\n", " "});
    return out;
  }
  std::string fill() {
    std::string out;
    while (below(3) == 0)
      out += pick({"\n", "\n", "\n\n\n", ";", "  ", "\r\n"}) + (rarely() ? comment() : "");
    return out;
  }
  std::string stop() { return blanks() + (rarely(3) ? comment() : pick({"\n", "\n", "\n\n", " ; ", ","})); }
  std::string separator() {
    return rarely(3) ? blanks() + (rarely() ? comment() : "\n") + gaps()
                     : gaps() + pick({",", ",", ";"}) + gaps();
  }

  std::string word() {
    return pick({"a", "b", "db", "shard", "x1", "pip_cache", "on-call", "forward", "in_x"});
  }
  std::string key_word() { return rarely() ? pick({"for", "in", "as", "if", "null"}) : word(); }

  std::string text(int depth) {
    switch (below(6)) {
      case 0:
        return "'raw \\ ${'";
      case 1:
        return "\"\"\"\n" + long_lines(depth) + blanks() + "\"\"\"";
      case 2:
        return "'''\n    a $\n\n  b\n  '''";
      case 3:
        return "\"a ${" + blanks() + expression(depth + 2) + blanks() + "} b\"";
      default:
        return pick({"\"\"", "\"a b\"", "\"# no \\\" comment\"", "\"\\u{e9} é $5\""});
    }
  }
  std::string long_lines(int depth) {
    std::string out;
    for (int i = below(4); i > 0; --i) {
      out += pick({"", "  ", "    ", "\t"}) + pick({"", "a", "select 1", "\"q\"", "\\\\"}) +
             (rarely() ? "${" + expression(depth + 2) + "}" : "") + pick({"\n", "\n", "\r\n"});
    }
    return out + (rarely(3) ? "end" : "");
  }
  std::string number() { return pick({"0", "42", "1_000", "0.5", "1h30m", "250ms", "64KiB", "80GB"}); }

  template <typename Element>
  std::string bracketed(const char* open, const char* close, Element element) {
    std::string out = open + gaps();
    const int count = below(4);
    for (int i = 0; i < count; ++i) out += (i > 0 ? separator() : "") + element();
    if (count > 0 && rarely()) out += gaps() + ",";
    return out + gaps() + close;
  }
  std::string each(int depth) {
    return "for " + word_plain() + (rarely(3) ? " , v" : "") + gaps_blank() + "in " + operation(depth) +
           (rarely(3) ? gaps_blank() + "if " + operation(depth) : "") + gaps() + ":" + gaps();
  }
  std::string gaps_blank() { return " " + gaps(); }
  std::string word_plain() { return pick({"a", "k", "shard"}); }

  std::string primary(int depth) {
    const int kind = depth > 4 || ++values_ > 60 ? below(4) : below(12);
    switch (kind) {
      case 0:
        return number();
      case 1:
        return pick({"true", "false", "null"});
      case 2:
      case 3:
        return word();
      case 4:
        return text(depth);
      case 5:
        return bracketed("[", "]", [&] { return expression(depth + 1); });
      case 6:
        return bracketed("{", "}", [&] {
          return (rarely(3) ? "\"k ${a}\"" : key_word()) + blanks() + "=" + blanks_no_sign() +
                 expression(depth + 1);
        });
      case 7:
        return "(" + gaps() + expression(depth + 1) + gaps() + ")";
      case 8:
        return "[" + gaps() + each(depth + 1) + expression(depth + 1) + gaps() + "]";
      case 9:
        return "{" + gaps() + each(depth + 1) + expression(depth + 1) + " => " + gaps() +
               expression(depth + 1) + gaps() + "}";
      default:
        return word_plain() + call(depth);
    }
  }
  std::string blanks_no_sign() { return pick({" ", "", "  "}); }
  std::string call(int depth) {
    return bracketed("(", ")", [&] { return (rarely(3) ? key_word() + " = " : "") + expression(depth + 1); });
  }
  std::string operand(int depth) {
    std::string out = pick({"", "", "", "", "-", "!"}) + primary(depth);
    if (is_digit(out.back()) || out.back() == 'm' || out.back() == 's' || out.back() == 'B') return out;
    while (rarely(4)) {
      switch (below(3)) {
        case 0:
          out += "." + key_word();
          break;
        case 1:
          out += "." + word() + call(depth);
          break;
        default:
          out += "[" + gaps() + expression(depth + 1) + gaps() + "]";
      }
    }
    return out;
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::string operation(int depth) {
    std::string out = operand(depth);
    bool compared = false;
    while (depth < 6 && rarely(4)) {
      std::string sign = pick({"+", "-", "*", "/", "%", "&&", "||", "=="});
      if (sign == "==" && compared) sign = "+";
      compared = compared || sign == "==";
      if (sign == "&&" || sign == "||") compared = false;
      out += " " + sign + " " + gaps() + operand(depth + 1);
    }
    return out;
  }
  std::string expression(int depth) {
    std::string out = operation(depth);
    if (depth < 5 && rarely(10))
      out += " ?" + gaps() + expression(depth + 1) + " :" + gaps_blank() + expression(depth + 1);
    return out;
  }
  std::string type(int depth) {
    std::string out = pick({"int", "string", "\"a\"", "list(", "pg.server", "null"});
    if (out == "list(") out += depth > 2 ? "any)" : gaps() + type(depth + 1) + gaps() + ")";
    if (rarely(4)) out += "?";
    if (depth < 3 && rarely(3)) out += " |" + gaps() + type(depth + 1);
    return out;
  }
  std::string takes() {
    return bracketed("(", ")", [&] {
      return word_plain() + ": " + type(1) + (rarely() ? "..." : "") + (rarely(3) ? " = " + operand(4) : "");
    });
  }
  std::string body(int depth) {
    std::string out = "{" + (rarely() ? " " + comment() : blanks()) + fill();
    for (int i = depth > 3 ? 0 : below(4); i > 0; --i)
      out += statement(depth + 1) + (i > 1 ? stop() + fill() : blanks());
    return out + fill() + "}";
  }
  std::string declared() {
    return word_plain() + (rarely(4) ? takes() : "") + (rarely(3) ? ": " + type(0) : "") +
           (rarely(3) ? "" : " = " + expression(2));
  }
  std::string statement(int depth) {
    switch (below(14)) {
      case 0:
        return "use \"std/x\"" + std::string(rarely(3) ? "  as y" : "");
      case 1:
        return std::string(rarely() ? "known " : "") + "param " + declared();
      case 2:
        return "let  " + word_plain() + " = " + expression(1);
      case 3:
        return std::string(rarely() ? "late " : "") + "export " + declared();
      case 4:
        return pick({"", "native ", "base "}) + "kind k" + (rarely(3) ? " : p " : " ") + body(depth);
      case 5:
        return "native function f" + takes() + ": " + type(0);
      case 6:
        return "for x" + std::string(rarely(3) ? ", y" : "") + " in " + operation(2) + " " + body(depth);
      case 7:
        return "if " + operation(2) + " " + body(depth) +
               (rarely(2) ? gaps() + "else " + (rarely(3) ? "if a " : "") + body(depth) : "");
      case 8:
      case 9:
        return pick({"run", "mysql.server"}) + (rarely(3) ? " " : " " + word() + " ") + body(depth);
      case 10:
        return "volume " + word();
      default:
        return key_word() + blanks() + "=" + blanks_no_sign() + expression(1);
    }
  }

  std::mt19937 random_;
  int values_ = 0;  // bounds the size of a file
};

TEST(Format, HoldsForRandomFiles) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    formatted(Generator(seed).file());
    if (HasFailure()) break;
  }
}

TEST(Format, WritesOneExpression) {
  Sources sources;
  Diagnostics diagnostics;
  const syntax::ExprPtr expr =
      parse_expression(sources, sources.add("-p", "", "[ 1,2 , { a=1h } ]"), diagnostics);
  EXPECT_EQ(format(sources, *expr), "[1, 2, { a = 1h }]");
}

TEST(Format, WritesATreeWithoutASource) {
  syntax::Expr text;
  syntax::Text is;
  is.parts.push_back({"a \"b\"\n${", nullptr, {}});
  text.is = std::move(is);
  EXPECT_EQ(format(Sources(), text), R"("a \"b\"\n\${")");
  syntax::Expr duration;
  duration.is = syntax::DurationLiteral{5'400'000};
  EXPECT_EQ(format(Sources(), duration), "1h30m");
  syntax::Expr size;
  size.is = syntax::SizeLiteral{1536LL << 20};
  EXPECT_EQ(format(Sources(), size), "1536MiB");
}

TEST(Diff, IsUnified) {
  EXPECT_EQ(unified_diff("a", "same\n", "same\n"), "");
  EXPECT_EQ(unified_diff("a.stack", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n"),
            "--- a.stack\n+++ a.stack\n@@ -2,8 +2,9 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n+10\n");
  EXPECT_EQ(unified_diff("a", "x", ""), "--- a\n+++ a\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n");
}

}  // namespace
}  // namespace cairn
