#include <gtest/gtest.h>

#include <memory>

#include "grammar/parse.h"
#include "interpreter/environment.h"
#include "interpreter/type.h"
#include "interpreter/value.h"
#include "tests/interpreter/values.h"

namespace cairn {
namespace {

TEST(Values, DurationsAreShownAsTheirLiterals) {
  const auto shown = [](std::int64_t milliseconds) { return show(to_value(Duration{milliseconds})); };
  EXPECT_EQ(shown(0), "0s");
  EXPECT_EQ(shown(250), "250ms");
  EXPECT_EQ(shown(90'000), "1m30s");
  EXPECT_EQ(shown(86'400'000 + 1), "1d1ms");
  EXPECT_EQ(shown(-1500), "-1s500ms");
  EXPECT_EQ(shown(INT64_MIN), "-106751991167d7h12m55s808ms");
}

TEST(Values, SizesAreShownByTheirShortestLiteral) {
  const auto shown = [](std::int64_t bytes) { return show(to_value(Size{bytes})); };
  EXPECT_EQ(shown(0), "0B");
  EXPECT_EQ(shown(512), "512B");
  EXPECT_EQ(shown(64 << 10), "64KiB");
  EXPECT_EQ(shown(80'000'000'000), "80GB");
  EXPECT_EQ(shown(std::int64_t{10} << 30), "10GiB");
  EXPECT_EQ(shown(1025), "1025B");
}

TEST(Values, WhatIsShownOfALiteralReadsTheSameAgain) {
  for (const Value& value : {text("a \"b\" \\ ${c} $d\n\t"), number(-7), to_value(2.0), to_value(0.1),
                             to_value(true), to_value(Null{}), to_value(Duration{90'000}),
                             to_value(Size{1 << 20}), text("café"), to_value(List{text("a"), number(1)})}) {
    Sources sources;
    Diagnostics diagnostics;
    const std::uint32_t file = sources.add("value", "", show(value));
    parse_expression(sources, file, diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << show(value);
  }
  EXPECT_EQ(show(to_value(2.0)), "2.0");
  EXPECT_EQ(show(to_value(1e21)), "1000000000000000000000.0");
  EXPECT_EQ(show(to_value(0x1p-30)), "0.000000000931322574615478515625");
  EXPECT_EQ(show(text("${x} $5")), "\"\\${x} $5\"");
}

TEST(Values, MapsKeepTheirOrderAndQuoteWhatIsNoWord) {
  Map map;
  map.set("b-1", number(1));
  map.set("a b", number(2));
  map.set("7", number(3));
  map.set("b-1", number(4));
  EXPECT_EQ(show(to_value(map)), "{ b-1 = 4, \"a b\" = 2, \"7\" = 3 }");
  EXPECT_EQ(show(to_value(Map{})), "{}");
  EXPECT_EQ(map.find("none"), nullptr);
}

TEST(Values, ConstructorsShowWhatWasGiven) {
  Made made{"tcp", {}};
  made.arguments.set("port", number(5432));
  made.arguments.set("every", Value{});
  EXPECT_EQ(show(to_value(made)), "tcp(port = 5432)");
}

TEST(Values, SecretsAreNeverShown) {
  EXPECT_EQ(show(secret("pw")), "•••");
  EXPECT_EQ(show(to_value(List{text("a"), secret("pw")})), "[\"a\", •••]");
  EXPECT_EQ(plain_text(secret("pw")), "pw");
  EXPECT_TRUE(to_value(List{text("a"), secret("pw")}).secret_anywhere());
  EXPECT_FALSE(to_value(List{text("a")}).secret_anywhere());
}

TEST(Values, LateOnesAreFoundWhereverTheyAre) {
  const Value late = to_value(Late{std::make_shared<LateExpression>()});
  EXPECT_EQ(show(late), "<late>");
  Made made{"tcp", {}};
  made.arguments.set("port", late);
  EXPECT_TRUE(to_value(made).late_anywhere());
  EXPECT_TRUE(to_value(List{to_value(List{late})}).late_anywhere());
  EXPECT_FALSE(to_value(List{late}).late());
  EXPECT_TRUE(equal(late, late));
  EXPECT_FALSE(equal(late, to_value(Late{std::make_shared<LateExpression>()})));
}

TEST(Values, EqualIsByStructure) {
  EXPECT_TRUE(equal(number(1), to_value(1.0)));
  EXPECT_FALSE(equal(number(1), text("1")));
  EXPECT_FALSE(equal(to_value(Duration{1000}), number(1000)));
  Map one, other;
  one.set("a", number(1));
  one.set("b", number(2));
  other.set("b", number(2));
  other.set("a", number(1));
  EXPECT_TRUE(equal(to_value(one), to_value(other)));
  EXPECT_FALSE(equal(to_value(Path{"a", "x"}), to_value(Path{"a", "y"})));
  EXPECT_TRUE(equal(Value{}, Value{}));
}

TEST(Values, PlainTextIsWhatAHoleGives) {
  EXPECT_EQ(plain_text(text("a\n")), "a\n");
  EXPECT_EQ(plain_text(to_value(Path{"./x", "y"})), "./x");
  EXPECT_EQ(plain_text(to_value(Duration{90'000})), "1m30s");
  EXPECT_EQ(plain_text(Value{}), "");
  EXPECT_EQ(plain_text(to_value(false)), "false");
}

TEST(Types, AreShownAsTheyAreWritten) {
  using Form = Type::Form;
  const Type null{Form::null, {}, {}}, whole{Form::integer, {}, {}}, string{Form::string, {}, {}};
  EXPECT_EQ(show(Type{Form::one_of, {}, {string, null}}), "string?");
  EXPECT_EQ(show(Type{Form::one_of, {}, {string, whole}}), "string | int");
  EXPECT_EQ(show(Type{Form::one_of, {}, {string, whole, null}}), "string | int | null");
  EXPECT_EQ(show(Type{Form::list, {}, {Type{Form::path, {}, {}}}}), "list(path)");
  EXPECT_EQ(show(Type{Form::literal, "a", {}}), "\"a\"");
  EXPECT_EQ(show(Type{Form::node, "postgres.server", {}}), "postgres.server");
  EXPECT_EQ(show(Type{Form::node, {}, {}}), "node");
}

}  // namespace
}  // namespace cairn
