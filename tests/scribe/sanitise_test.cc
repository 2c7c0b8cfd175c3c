#include "runtime/scribe/sanitise.h"

#include <gtest/gtest.h>

#include "runtime/scribe/utf8.h"

namespace cairn::scribe {
namespace {

TEST(Sanitise, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(sanitised("naïve ☃ 中文 🙂\ttab"), "naïve ☃ 中文 🙂\ttab");
  EXPECT_EQ(sanitised(""), "");
}

TEST(Sanitise, RemovesWhatCouldChangeTheTerminal) {
  EXPECT_EQ(sanitised("\x1b]52;c;ZWNobyBwd25lZA==\x07"
                      "ok"),
            "ok");                                                          // clipboard
  EXPECT_EQ(sanitised("\x1b]0;title\x1b\\ok"), "ok");                       // title, ended by ST
  EXPECT_EQ(sanitised("\x1b]8;;http://evil\x07link\x1b]8;;\x07"), "link");  // hyperlink
  EXPECT_EQ(sanitised("a\x1b[2J\x1b[Hb\x1b[1;1Hc\x1b[?1049hd"), "abcd");    // screen, cursor, other screen
  EXPECT_EQ(sanitised("\x1bPq#0;2;0;0;0\x1b\\x"), "x");                     // DCS (sixel)
  EXPECT_EQ(sanitised("\x1b(0lqk\x1b(B"), "lqk");                           // character sets
  EXPECT_EQ(sanitised("\x1b"
                      "c"
                      "x"),
            "x");  // full reset
  EXPECT_EQ(sanitised("\xc2\x9b"
                      "31mx"),
            "x");  // CSI as C1
  EXPECT_EQ(sanitised("\xc2\x9d"
                      "52;c;aaaa\x07x"),
            "x");  // OSC as C1
  EXPECT_EQ(sanitised("bell\x07 back\b\b space\x7f nul" + std::string(1, '\0') + "."),
            "bell back space nul.");
}

TEST(Sanitise, AnUnfinishedSequenceSwallowsNoMoreThanItsLine) {
  EXPECT_EQ(sanitised("a\x1b]52;c;AAAA\nnext", {.one_line = false}), "a\nnext");
  EXPECT_EQ(sanitised("a\x1b[12;"), "a");
  EXPECT_EQ(sanitised("a\x1b"), "a");
  EXPECT_EQ(sanitised("a\x1b[31\nb", {.one_line = false}), "a\nb");
}

TEST(Sanitise, KeepsColourOnlyWhenAskedAndResetsIt) {
  EXPECT_EQ(sanitised("\x1b[1;31mred\x1b[0m"), "red");
  EXPECT_EQ(sanitised("\x1b[1;31mred", {.colour = true}), "\x1b[1;31mred\x1b[0m");
  EXPECT_EQ(sanitised("\x1b[38:2:1:2:3mx", {.colour = true}), "\x1b[38:2:1:2:3mx\x1b[0m");
  EXPECT_EQ(sanitised("\x1b[>4;2mx\x1b[?1mx", {.colour = true}), "xx");  // end in m, are no colours
}

TEST(Sanitise, ACarriageReturnCannotHideTheBeginning) {
  EXPECT_EQ(sanitised("rm -rf /\rls"), "rm -rf /␍ls");
  EXPECT_EQ(sanitised("dos\r"), "dos");
  EXPECT_EQ(sanitised("dos\r\nline", {.one_line = false}), "dos\nline");
  EXPECT_EQ(sanitised("two\nlines"), "two␊lines");
}

TEST(Sanitise, RemovesWhatReordersText) {
  EXPECT_EQ(sanitised("a\u202Eb\u2066c\u2069d\u2028e\u200Ff"), "abcdef");
}

TEST(Sanitise, InvalidUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(sanitised("a\xff"
                      "b\xc3"),
            "a\uFFFDb\uFFFD");
  EXPECT_EQ(sanitised("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(sanitised("\xc0\xaf"), "\uFFFD\uFFFD");            // an overlong slash
  EXPECT_EQ(sanitised("\xf0\x9f\x98"
                      "x"),
            "\uFFFDx");  // cut short: one mark
  EXPECT_EQ(sanitised("\x9b"
                      "31mx"),
            "\uFFFD31mx");  // a bare C1 byte is not UTF-8
  EXPECT_EQ(valid_utf8("\xff\x1b"), "\uFFFD\x1b");
}

TEST(Sanitise, ATenMegabyteLineIsCutAndSaysSo) {
  const std::string line(10'000'000, 'x');
  const std::string shown = sanitised(line, {.longest = 100});
  EXPECT_EQ(shown, std::string(100, 'x') + " … (9999900 more bytes)");
  EXPECT_EQ(sanitised(line).size(), line.size());
  // Ten million beginnings of a sequence are linear as well.
  EXPECT_EQ(sanitised(std::string(10'000'000, '\x1b')), "");
  std::string openings;
  for (int i = 0; i < 1'000'000; ++i) openings += "\x1b]";
  EXPECT_EQ(sanitised(openings), "");
}

TEST(BrokenCommands, NeitherAzureNorGitHubObeys) {
  EXPECT_EQ(with_broken_commands("x ##vso[task.setvariable variable=a]b"),
            "x # #vso[task.setvariable variable=a]b");
  EXPECT_EQ(with_broken_commands("##VsO[task.complete]"), "# #VsO[task.complete]");
  EXPECT_EQ(with_broken_commands("a ##[error]b"), "a # #[error]b");
  EXPECT_EQ(with_broken_commands("###[error]b"), "## #[error]b");
  EXPECT_EQ(with_broken_commands("##teamcity[x]"), "# #teamcity[x]");
  EXPECT_EQ(with_broken_commands("::set-output name=a::b"), ": :set-output name=a::b");
  EXPECT_EQ(with_broken_commands(" \t::add-mask::b"), " \t: :add-mask::b");
  EXPECT_EQ(with_broken_commands("std::vector ## [x]"), "std::vector ## [x]");
  EXPECT_EQ(with_broken_commands("a\n::b"), "a\n: :b");
}

TEST(BrokenCommands, HidingOneBehindAnEscapeDoesNotHelp) {
  EXPECT_EQ(sanitised("##\x1b[0mvso[a]", {.ci = Ci::azure}), "# #vso[a]");
  EXPECT_EQ(sanitised("#\u202E#[error]", {.ci = Ci::github}), "# #[error]");
  EXPECT_EQ(sanitised("\x07::warning::x", {.ci = Ci::github}), ": :warning::x");
  EXPECT_EQ(sanitised("::x", {.ci = Ci::none}), "::x");
}

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t c = 0; c <= 0x10FFFF; c = c < 0x3000 ? c + 1 : c + 251) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    const CodePoint point = code_point_at(text, 0);
    ASSERT_TRUE(point.valid);
    ASSERT_EQ(point.value, c);
    ASSERT_EQ(point.bytes, text.size());
  }
}

}  // namespace
}  // namespace cairn::scribe
