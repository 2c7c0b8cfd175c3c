#include "runtime/scribe/masker.h"

#include <gtest/gtest.h>

#include "runtime/scribe/patterns.h"

namespace cairn::scribe {
namespace {

const std::string mask(Masker::mask);

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8U | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      encoded += i <= bytes.size() - at ? digits[group >> (18 - 6 * i) & 63U] : '=';
  }
  return encoded;
}

TEST(Masker, ReplacesEverySecretWhereverItStands) {
  Masker masker;
  ASSERT_TRUE(masker.add("password", "hunter2-hunter2"));
  ASSERT_TRUE(masker.add("token", "tok_0123456789"));
  EXPECT_EQ(masker.masked("a hunter2-hunter2 b tok_0123456789."), "a " + mask + " b " + mask + ".");
  EXPECT_EQ(masker.masked("hunter2-hunter"), "hunter2-hunter");
  EXPECT_EQ(masker.masked(""), "");
}

TEST(Masker, FindsASecretAtEveryCutOfAStream) {
  Masker masker;
  masker.add("a", "abcabcabd");
  masker.add("b", "bcabcabcx");
  const std::string text = "..abcabcabcabd..bcabcabcx..abcabcab";
  const std::string expected = "..abc" + mask + ".." + mask + "..abcabcab";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      MaskedStream stream(masker);
      std::string result = stream.feed(text.substr(0, first));
      result += stream.feed(text.substr(first, second - first));
      result += stream.feed(text.substr(second));
      result += stream.finish();
      ASSERT_EQ(result, expected) << first << " " << second;
    }
  }
}

TEST(Masker, NeverGivesOutTheBeginningOfWhatMayBecomeASecret) {
  Masker masker;
  masker.add("password", "hunter2-hunter2");
  MaskedStream stream(masker);
  EXPECT_EQ(stream.feed("say hunter2-"), "say ");
  EXPECT_EQ(stream.feed("hunt"), "");
  EXPECT_EQ(stream.feed("ing"), "hunter2-hunting");
}

TEST(Masker, OverlappingSecretsLeaveNothingBetweenThem) {
  Masker masker;
  masker.add("a", "12345678abcd");
  masker.add("b", "abcd87654321");
  EXPECT_EQ(masker.masked("x12345678abcd87654321y"), "x" + mask + "y");
  MaskedStream stream(masker);  // one mask, even when the pieces end inside it
  std::string result = stream.feed("x12345678abcd");
  result += stream.feed("87654321");
  result += stream.feed("y");
  EXPECT_EQ(result + stream.finish(), "x" + mask + "y");
}

TEST(Masker, ASecretWithinALongerOneDoesNotHideTheLonger) {
  Masker masker;
  masker.add("short", "secret-1");
  masker.add("long", "my-secret-1-and-more");
  EXPECT_EQ(masker.masked("[my-secret-1-and-more]"), "[" + mask + "]");
  EXPECT_EQ(masker.masked("[my-secret-1-and-less]"), "[my-" + mask + "-and-less]");
}

TEST(Masker, FindsBase64AtEveryOffset) {
  Masker masker;
  const std::string secret = "correct horse battery";
  masker.add("password", secret);
  for (const std::string before : {"", "u", "us", "use", "user:"}) {
    for (const std::string after : {"", "x", "xy", "xyz"}) {
      const std::string shown = masker.masked("Authorization: Basic " + base64(before + secret + after));
      EXPECT_NE(shown.find(mask), std::string::npos) << before << after;
      // Whatever base64 still shows must not decode to two neighbouring letters of the secret.
      for (std::size_t offset = 0; offset < 3; ++offset)
        EXPECT_EQ(shown.find(base64(std::string(offset, 'a') + secret).substr(4, 8)), std::string::npos)
            << shown;
    }
  }
}

TEST(Masker, FindsWhatUrlsAndQuotingMakeOfIt) {
  Masker masker;
  masker.add("password", "p@ss w/\"rd&\\");
  EXPECT_EQ(masker.masked("postgres://u:p%40ss%20w%2F%22rd%26%5C@db"), "postgres://u:" + mask + "@db");
  EXPECT_EQ(masker.masked("p%40ss%20w%2f%22rd%26%5c"), mask);
  EXPECT_EQ(masker.masked("q=p%40ss+w%2F%22rd%26%5C"), "q=" + mask);
  EXPECT_EQ(masker.masked(R"({"a": "p@ss w/\"rd&\\"})"), "{\"a\": \"" + mask + "\"}");
  EXPECT_EQ(masker.masked("<a>p@ss w/&quot;rd&amp;\\</a>"), "<a>" + mask + "</a>");
}

TEST(Masker, MasksTheLinesOfAKeyOneByOne) {
  Masker masker;
  masker.add("key", "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\nxy\n-----END KEY-----\n");
  EXPECT_EQ(masker.masked("| MIIEvQIBADANBg |"), "| " + mask + " |");
  EXPECT_EQ(masker.masked("| kqhkiG9w0BAQEF"), "| " + mask);
  EXPECT_EQ(masker.masked("xy"), "xy");
  EXPECT_EQ(masker.masked("-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\nxy\n-----END KEY-----"),
            mask);
}

TEST(Masker, SaysWhichSecretsAreTooShort) {
  Masker masker;
  EXPECT_FALSE(masker.add("pin", "1234567"));
  EXPECT_FALSE(masker.add("pin", "1234567"));
  EXPECT_FALSE(masker.add("with line end", "1234567\r\n"));
  EXPECT_FALSE(masker.add("empty", ""));
  EXPECT_TRUE(masker.add("eight", "12345678"));
  EXPECT_EQ(masker.unmaskable(), (std::vector<std::string>{"pin", "with line end"}));
  EXPECT_EQ(masker.masked("1234567 password"), "1234567 password");
}

TEST(Masker, ASecretLearnedWhileAStreamRunsIsFoundInWhatIsStillHeld) {
  Masker masker;
  masker.add("first", "abcdefgh-1");
  MaskedStream stream(masker);
  EXPECT_EQ(stream.feed("..abcdefgh"), "..");
  masker.add("second", "efgh-2-xyz");
  std::string result = stream.feed("-2-xyz..");
  result += stream.finish();
  EXPECT_EQ(result, "abcd" + mask + "..");
}

TEST(Masker, KnowsWhetherATextHoldsASecret) {
  Masker masker;
  masker.add("password", "hunter2-hunter2");
  EXPECT_TRUE(masker.finds_in("x" + base64("u:hunter2-hunter2")));
  EXPECT_FALSE(masker.finds_in("hunter2"));
}

TEST(Masker, BytesWithoutMeaningAreHandedOnUnchanged) {
  Masker masker;
  masker.add("binary", std::string("\x00\xff\x01\xfe\x02\xfd\x03\xfc", 8));
  const std::string text = std::string("a\x00\xff\x01z\x80", 6);
  EXPECT_EQ(masker.masked(text), text);
  EXPECT_EQ(masker.masked(std::string("\x00\xff\x01\xfe\x02\xfd\x03\xfc", 8)), mask);
}

}  // namespace
}  // namespace cairn::scribe
