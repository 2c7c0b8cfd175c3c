// What a picture shows of a graph, and that each drawing of it is well formed and stable.
#include "interpreter/draw/drawings.h"

#include <nlohmann/json.hpp>

#include <regex>

#include "interpreter/draw/layout.h"
#include "interpreter/inputs_real.h"
#include "tests/golden.h"
#include "tests/interpreter/generated.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

draw::Picture picture_of(const Outcome& outcome, draw::Level level = draw::Level::node, bool expand = false) {
  draw::Request request;
  request.level = level;
  request.expand = expand;
  return draw::make_picture(outcome.graph(), outcome.sources, request);
}

draw::Picture picture_of(const std::string& text, draw::Level level = draw::Level::node,
                         bool expand = false) {
  const auto outcome = compile_text(text);
  EXPECT_TRUE(outcome->compiled.graph) << outcome->complaints();
  return picture_of(*outcome, level, expand);
}

std::string example(const std::string& path) {
  return golden::read(std::filesystem::path(CAIRN_SOURCE_DIR) / "examples" / path);
}

std::vector<std::string> titles(const draw::Picture& picture) {
  std::vector<std::string> all;
  for (const draw::Box& box : picture.boxes) all.push_back(box.title);
  return all;
}

std::uint32_t box_called(const draw::Picture& picture, const std::string& id) {
  for (std::uint32_t b = 0; b < picture.boxes.size(); ++b)
    if (picture.boxes[b].id == id) return b;
  ADD_FAILURE() << "no box " << id;
  return 0;
}

const draw::Arrow* arrow(const draw::Picture& picture, const std::string& from, const std::string& to) {
  for (const draw::Arrow& one : picture.arrows)
    if (one.from == box_called(picture, from) && one.to == box_called(picture, to)) return &one;
  return nullptr;
}

TEST(Picture, ShardsAreOneBoxThatSaysWhichItStandsFor) {
  const draw::Picture picture = picture_of(example("quickstart/shop.stack"));
  EXPECT_EQ(titles(picture),
            (std::vector<std::string>{"catalogue", "seed", "data[0..3]", "api[0..3]", "checks[0..3]"}));
  EXPECT_EQ(picture.boxes[2].instances, 4u);
  EXPECT_EQ(picture_of(example("quickstart/shop.stack"), draw::Level::node, true).boxes.size(), 2u + 3u * 4u);
}

TEST(Picture, AnArrowSaysWhyAndWhere) {
  const draw::Picture picture =
      picture_of("service db { image = \"x\" }\nrun unit { image = \"y\" ; env = { H = db.host } }\n");
  const draw::Arrow* found = arrow(picture, "db", "unit");
  ASSERT_NE(found, nullptr);
  ASSERT_EQ(found->because.size(), 1u);
  EXPECT_NE(found->because.front().find("db.host"), std::string::npos) << found->because.front();
  EXPECT_NE(found->because.front().find("main.stack:2:"), std::string::npos) << found->because.front();
}

TEST(Picture, WhatALongerChainImpliesIsNotDrawn) {
  const draw::Picture picture = picture_of(
      "run a { in = \"host\" }\nrun b { in = \"host\" ; after = a }\nrun c { in = \"host\" ; after = [a, b] "
      "}\n");
  EXPECT_NE(arrow(picture, "a", "b"), nullptr);
  EXPECT_NE(arrow(picture, "b", "c"), nullptr);
  EXPECT_EQ(arrow(picture, "a", "c"), nullptr);
}

TEST(Picture, StagesAreFramesInTheirOrder) {
  const draw::Picture picture = picture_of(
      "stage one { run a { in = \"host\" } }\nstage two { after = [one] ; run b { in = \"host\" } }\n");
  ASSERT_EQ(picture.frames.size(), 3u);
  EXPECT_EQ(picture.frames[2].title, "two");
  EXPECT_EQ(picture.frames[2].after, std::vector<std::uint32_t>{1});
  EXPECT_TRUE(picture.arrows.empty());
  EXPECT_TRUE(picture.boxes[0].critical && picture.boxes[1].critical)
      << "a stage's order is part of the longest chain";
  EXPECT_EQ(
      picture_of(
          "stage one { run a { in = \"host\" } }\nstage two { after = [one] ; run b { in = \"host\" } }\n",
          draw::Level::stage)
          .boxes.size(),
      2u);
}

TEST(Picture, EarlierRunsDecideWhichChainIsLongest) {
  const auto outcome = compile_text(
      "run quick { in = \"host\" }\nrun slow { in = \"host\" }\nrun last { in = \"host\" ; after = [quick, "
      "slow] }\n");
  draw::Request request;
  request.seconds_of_step.assign(outcome->graph().steps.size(), 1);
  request.seconds_of_step[index(outcome->graph().step(outcome->graph().find("slow").front(), Phase::run))] =
      60;
  const draw::Picture picture = draw::make_picture(outcome->graph(), outcome->sources, request);
  EXPECT_FALSE(picture.boxes[0].critical);
  EXPECT_TRUE(picture.boxes[1].critical);
  EXPECT_TRUE(picture.boxes[2].critical);
}

TEST(Picture, SecretsAreNotInIt) {
  const draw::Picture picture =
      picture_of("run t { image = \"x\" ; env = { P = secret(\"env:P\", default = \"hunter2\") } }\n");
  for (const std::string& drawing : {draw::html(picture), draw::json(picture), draw::dot(picture)})
    EXPECT_EQ(drawing.find("hunter2"), std::string::npos);
}

draw::Boxes boxes(const Outcome& outcome, const draw::Picture& picture, const std::string& path) {
  return draw::boxes_of(picture, outcome.graph(), outcome.graph().by_path.at(path));
}

TEST(Picture, AGroupStandsForAllThatItHolds) {
  const auto outcome = compile_text(example("quickstart/shop.stack"));
  for (const bool expand : {false, true}) {
    const draw::Picture picture = picture_of(*outcome, draw::Level::node, expand);
    EXPECT_EQ(boxes(*outcome, picture, "test.api").size(), expand ? 4u : 1u);
    EXPECT_EQ(boxes(*outcome, picture, "test.api[0]").size(), 1u);
    EXPECT_EQ(boxes(*outcome, picture, "test").size(), picture.boxes.size());
  }
}

TEST(Picture, WaysAreAllArrowsBetweenTwoBoxes) {
  const auto outcome = compile_text(
      "run a { in = \"host\" }\nrun b { in = \"host\" ; after = a }\nrun c { in = \"host\" ; after = a "
      "}\nrun d { in = \"host\" ; after = [b, c] }\nrun e { in = \"host\" ; after = d }\n");
  const draw::Picture picture = picture_of(*outcome);
  EXPECT_EQ(draw::ways(picture, boxes(*outcome, picture, "a"), boxes(*outcome, picture, "d")).size(), 4u);
  EXPECT_EQ(draw::ways(picture, boxes(*outcome, picture, "a"), boxes(*outcome, picture, "b")).size(), 1u);
  EXPECT_TRUE(draw::ways(picture, boxes(*outcome, picture, "d"), boxes(*outcome, picture, "a")).empty());
}

TEST(Picture, StagesBetweenTwoBoxesAreTold) {
  const auto outcome = compile_text(
      "stage x { run a { in = \"host\" } }\nstage y { after = x ; run b { in = \"host\" } }\nstage z { after "
      "= y ; run c { in = \"host\" } }\n");
  const draw::Picture picture = picture_of(*outcome);
  const draw::Boxes a = boxes(*outcome, picture, "x.a"), c = boxes(*outcome, picture, "z.c");
  EXPECT_EQ(draw::stages_between(picture, a, c), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_TRUE(draw::stages_between(picture, c, a).empty());
}

bool overlap(const draw::Rectangle& a, const draw::Rectangle& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

void expect_tidy(const draw::Picture& picture, const std::string& what) {
  const draw::Layout layout = draw::lay_out(picture);
  for (std::size_t a = 0; a < layout.boxes.size(); ++a) {
    EXPECT_GE(layout.boxes[a].x, 0) << what;
    EXPECT_LE(layout.boxes[a].x + layout.boxes[a].width, layout.width) << what;
    EXPECT_LE(layout.boxes[a].y + layout.boxes[a].height, layout.height) << what;
    for (std::size_t b = a + 1; b < layout.boxes.size(); ++b)
      EXPECT_FALSE(overlap(layout.boxes[a], layout.boxes[b]))
          << what << ": " << picture.boxes[a].id << " lies on " << picture.boxes[b].id;
  }
  for (std::size_t a = 1; a < layout.frames.size(); ++a)
    for (std::size_t b = a + 1; b < layout.frames.size(); ++b)
      if (layout.frames[a].width > 0 && layout.frames[b].width > 0) {
        EXPECT_FALSE(overlap(layout.frames[a], layout.frames[b])) << what;
      }
  for (std::size_t a = 0; a < layout.arrows.size(); ++a) {
    const draw::Rectangle& to = layout.boxes[picture.arrows[a].to];
    EXPECT_DOUBLE_EQ(layout.arrows[a].back().x, to.x) << what;
    EXPECT_DOUBLE_EQ(layout.arrows[a].back().y, to.y + to.height / 2) << what;
  }
}

TEST(Layout, NoBoxLiesOnAnotherAndEveryArrowArrives) {
  for (const char* path : {"quickstart/shop.stack", "todobackend/release.stack"}) {
    expect_tidy(picture_of(example(path)), path);
    expect_tidy(picture_of(example(path), draw::Level::step), path);
    expect_tidy(picture_of(example(path), draw::Level::stage), path);
  }
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    expect_tidy(picture_of(generated::random(seed, 40)), "seed " + std::to_string(seed));
}

// Every tag is closed by its own, and text holds no raw mark: enough of XML for what a drawing writes.
void expect_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = xml.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(tag.starts_with('/') ? 1 : 0,
                                        tag.find_first_of(" \n/", 1) - (tag.starts_with('/') ? 1 : 0));
    if (tag.starts_with('/')) {
      ASSERT_FALSE(open.empty()) << tag;
      ASSERT_EQ(open.back(), tag.substr(1));
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
    EXPECT_EQ(std::count(tag.begin(), tag.end(), '"') % 2, 0) << tag;
    at = end;
  }
  EXPECT_TRUE(open.empty());
  static const std::regex bare("&(?!amp;|lt;|gt;|quot;|#39;)");
  EXPECT_FALSE(std::regex_search(xml, bare));
}

TEST(Drawings, SvgIsWellFormed) {
  expect_well_formed(draw::svg(picture_of(example("todobackend/release.stack"))));
  draw::Picture picture = picture_of(example("quickstart/shop.stack"));
  picture.boxes[0].title = "a<b>&\"c\" 'd'</text><script>alert(1)</script>";
  picture.frames[1].title = picture.boxes[0].title;
  expect_well_formed(draw::svg(picture));
  EXPECT_EQ(draw::html(picture).find("alert(1)</script>"), std::string::npos);
}

TEST(Drawings, ALongTitleStaysInItsBox) {
  draw::Picture picture = picture_of("run t { in = \"host\" }\n");
  picture.boxes[0].title = std::string(200, 'x');
  const draw::Layout layout = draw::lay_out(picture);
  EXPECT_LT(layout.boxes[0].width, 400);
  EXPECT_EQ(draw::svg(picture).find(std::string(100, 'x') + "</text>"), std::string::npos);
}

TEST(Drawings, JsonIsJsonAndHoldsThePicture) {
  const draw::Picture picture = picture_of(example("todobackend/release.stack"));
  const nlohmann::json json = nlohmann::json::parse(draw::json(picture));
  EXPECT_EQ(json.at("version"), 1);
  EXPECT_EQ(json.at("boxes").size(), picture.boxes.size());
  EXPECT_EQ(json.at("arrows").size(), picture.arrows.size());
  EXPECT_EQ(json.at("frames").size(), picture.frames.size());
}

TEST(Drawings, OfNothingAreDrawingsToo) {
  const draw::Picture picture = picture_of("let a = 1\n");
  expect_well_formed(draw::svg(picture));
  EXPECT_TRUE(nlohmann::json::parse(draw::json(picture)).at("boxes").empty());
  EXPECT_EQ(draw::ascii(picture), "");
}

class Drawing : public testing::TestWithParam<std::pair<std::string, std::string (*)(const draw::Picture&)>> {
};

TEST_P(Drawing, LooksLikeThis) {
  const auto& [format, function] = GetParam();
  golden::compare(golden::folder("draw") / ("release." + format),
                  function(picture_of(example("todobackend/release.stack"))));
}

INSTANTIATE_TEST_SUITE_P(Golden, Drawing,
                         testing::Values(std::pair{std::string("txt"), &draw::ascii},
                                         std::pair{std::string("dot"), &draw::dot},
                                         std::pair{std::string("mmd"), &draw::mermaid},
                                         std::pair{std::string("json"), &draw::json}),
                         [](const auto& one) { return one.param.first; });

}  // namespace
}  // namespace cairn
