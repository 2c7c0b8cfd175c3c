// Coordinates for a picture: stages side by side in their order, inside each the boxes in layers from left to
// right. Units are pixels of the drawing at scale 1.
#pragma once

#include <string>
#include <vector>

#include "interpreter/draw/picture.h"

namespace cairn::draw {

struct Point {
  double x = 0, y = 0;
};
struct Rectangle {
  double x = 0, y = 0, width = 0, height = 0;
};

struct Layout {
  double width = 0, height = 0;
  std::vector<Rectangle> boxes;   // by box
  std::vector<Rectangle> frames;  // by frame; the file's has no width when nothing stands in it
  std::vector<std::vector<Point>>
      arrows;  // by arrow: from the right edge of one to the left edge of the other
};

Layout lay_out(const Picture& picture);

// A title as it stands in its box: the first `longest_title` characters and `…`.
constexpr std::size_t longest_title = 36;
std::string shown_title(const std::string& title);

}  // namespace cairn::draw
