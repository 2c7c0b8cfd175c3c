#include "interpreter/draw/layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cairn::draw {
namespace {

constexpr double box_height = 38, row_gap = 16, layer_gap = 64, frame_pad = 22, frame_title = 30,
                 frame_gap = 56, margin = 24, lane_gap = 12;
constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

double width_of(const Box& box) {
  // A column for the kind's mark, then the title in a 13 px face.
  auto characters = [](const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  };
  return std::max(96.0, 40 + 7.4 * static_cast<double>(
                                       std::max(characters(shown_title(box.title)), characters(box.kind))));
}

// Longest chain of arrows that ends at each vertex. Arrows that close a knot are ignored.
std::vector<std::size_t> layers(std::size_t count,
                                const std::vector<std::pair<std::size_t, std::size_t>>& arrows) {
  std::vector<std::vector<std::size_t>> next(count);
  std::vector<std::size_t> waiting(count, 0), layer(count, 0), ready;
  for (const auto& [from, to] : arrows) {
    next[from].push_back(to);
    ++waiting[to];
  }
  for (std::size_t v = 0; v < count; ++v)
    if (waiting[v] == 0) ready.push_back(v);
  while (!ready.empty()) {
    const std::size_t v = ready.back();
    ready.pop_back();
    for (std::size_t to : next[v]) {
      layer[to] = std::max(layer[to], layer[v] + 1);
      if (--waiting[to] == 0) ready.push_back(to);
    }
  }
  return layer;
}

// A vertex of one frame: a box, or a bend of an arrow that crosses a layer.
struct Vertex {
  std::size_t layer = 0;
  double width = 0, height = 0, x = 0, y = 0;
  std::vector<std::size_t> before, after;
};

struct Column {
  std::vector<Vertex> vertices;
  std::vector<std::vector<std::size_t>> rows;  // by layer, from top to bottom
  double width = 0, height = 0;

  double row_width(std::size_t layer) const {
    double widest = 0;
    for (const std::size_t v : rows[layer]) widest = std::max(widest, vertices[v].width);
    return widest;
  }

  void order() {
    for (int sweep = 0; sweep < 10; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        std::vector<std::size_t>& row = rows[down ? i : rows.size() - 1 - i];
        std::vector<double> wish(vertices.size(), 0);
        for (std::size_t place = 0; place < row.size(); ++place) {
          const Vertex& vertex = vertices[row[place]];
          const std::vector<std::size_t>& neighbours = down ? vertex.before : vertex.after;
          double sum = 0;
          for (std::size_t other : neighbours) sum += vertices[other].y;
          wish[row[place]] =
              neighbours.empty() ? static_cast<double>(place) : sum / static_cast<double>(neighbours.size());
        }
        std::stable_sort(row.begin(), row.end(),
                         [&](std::size_t a, std::size_t b) { return wish[a] < wish[b]; });
        for (std::size_t place = 0; place < row.size(); ++place)
          vertices[row[place]].y = static_cast<double>(place);
      }
    }
  }

  // Each vertex as near to the middle of its neighbours as its place in the row allows.
  void place() {
    double x = 0;
    for (std::vector<std::size_t>& row : rows) {
      double widest = 0, y = 0;
      for (std::size_t v : row) widest = std::max(widest, vertices[v].width);
      for (std::size_t v : row) {
        vertices[v].x = x;
        vertices[v].y = y;
        y += vertices[v].height + row_gap;
      }
      x += widest + layer_gap;
    }
    width = x - layer_gap;
    for (int sweep = 0; sweep < 12; ++sweep)
      for (std::size_t i = 0; i < rows.size(); ++i) settle(rows[sweep % 2 == 0 ? i : rows.size() - 1 - i]);
    double top = 1e9, bottom = 0;
    for (const Vertex& vertex : vertices) top = std::min(top, vertex.y);
    for (Vertex& vertex : vertices) {
      vertex.y -= top;
      bottom = std::max(bottom, vertex.y + vertex.height);
    }
    height = bottom;
  }

  void settle(const std::vector<std::size_t>& row) {
    std::vector<double> wish(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Vertex& vertex = vertices[row[i]];
      double sum = 0;
      std::size_t count = 0;
      for (const std::vector<std::size_t>* side : {&vertex.before, &vertex.after})
        for (std::size_t other : *side) {
          sum += vertices[other].y + vertices[other].height / 2;
          ++count;
        }
      wish[i] = count == 0 ? vertex.y : sum / static_cast<double>(count) - vertex.height / 2;
    }
    // Two passes keep the order: from above and from below; the mean of both is fair to either side.
    std::vector<double> down(row.size()), up(row.size());
    for (std::size_t i = 0; i < row.size(); ++i)
      down[i] = i == 0 ? wish[i] : std::max(wish[i], down[i - 1] + vertices[row[i - 1]].height + row_gap);
    for (std::size_t i = row.size(); i-- > 0;)
      up[i] =
          i + 1 == row.size() ? wish[i] : std::min(wish[i], up[i + 1] - vertices[row[i]].height - row_gap);
    for (std::size_t i = 0; i < row.size(); ++i) vertices[row[i]].y = (down[i] + up[i]) / 2;
    for (std::size_t i = 1; i < row.size(); ++i)
      vertices[row[i]].y =
          std::max(vertices[row[i]].y, vertices[row[i - 1]].y + vertices[row[i - 1]].height + row_gap);
  }
};

}  // namespace

std::string shown_title(const std::string& title) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < title.size(); ++i) {
    if ((static_cast<unsigned char>(title[i]) & 0xC0) == 0x80) continue;
    if (characters++ == longest_title) return title.substr(0, i) + "…";
  }
  return title;
}

Layout lay_out(const Picture& picture) {
  Layout layout;
  layout.boxes.resize(picture.boxes.size());
  layout.frames.resize(picture.frames.size());
  layout.arrows.resize(picture.arrows.size());
  std::vector<Column> frames(picture.frames.size());
  std::vector<std::size_t> place_of(picture.boxes.size());
  std::vector<std::vector<std::size_t>> bends(picture.arrows.size());  // vertices of the arrow's frame

  for (std::size_t b = 0; b < picture.boxes.size(); ++b) {
    Column& frame = frames[picture.boxes[b].frame];
    place_of[b] = frame.vertices.size();
    Vertex vertex;
    vertex.width = width_of(picture.boxes[b]);
    vertex.height = box_height;
    frame.vertices.push_back(std::move(vertex));
  }
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> inner(frames.size());
  for (const Arrow& arrow : picture.arrows)
    if (picture.boxes[arrow.from].frame == picture.boxes[arrow.to].frame)
      inner[picture.boxes[arrow.from].frame].emplace_back(place_of[arrow.from], place_of[arrow.to]);
  for (std::size_t f = 0; f < frames.size(); ++f) {
    const std::vector<std::size_t> layer = layers(frames[f].vertices.size(), inner[f]);
    for (std::size_t v = 0; v < layer.size(); ++v) frames[f].vertices[v].layer = layer[v];
  }
  // Within a frame an arrow passes each layer between its ends through a bend. One that leaves its frame is
  // led to the frame's right side first, one way for all arrows of a box, and comes in from the left side
  // likewise.
  auto lead = [](Column& frame, std::size_t from, std::size_t layer) {
    Vertex bend;
    bend.layer = layer;
    bend.height = 6;
    if (from != nowhere) bend.before.push_back(from);
    const std::size_t fresh = frame.vertices.size();
    if (from != nowhere) frame.vertices[from].after.push_back(fresh);
    frame.vertices.push_back(std::move(bend));
    return fresh;
  };
  std::vector<std::size_t> depth(frames.size(), 0);
  for (std::size_t f = 0; f < frames.size(); ++f)
    for (const Vertex& vertex : frames[f].vertices) depth[f] = std::max(depth[f], vertex.layer + 1);
  std::vector<std::vector<std::size_t>> ways_out(picture.boxes.size()), ways_in(picture.boxes.size());
  for (std::size_t a = 0; a < picture.arrows.size(); ++a) {
    const Arrow& arrow = picture.arrows[a];
    const std::size_t f = picture.boxes[arrow.from].frame, g = picture.boxes[arrow.to].frame;
    const std::size_t source = place_of[arrow.from], target = place_of[arrow.to];
    if (f == g) {
      std::size_t last = source;
      for (std::size_t layer = frames[f].vertices[source].layer + 1; layer < frames[f].vertices[target].layer;
           ++layer)
        bends[a].push_back(last = lead(frames[f], last, layer));
      frames[f].vertices[last].after.push_back(target);
      frames[f].vertices[target].before.push_back(last);
      continue;
    }
    std::vector<std::size_t>& out = ways_out[arrow.from];
    for (std::size_t layer = frames[f].vertices[source].layer + 1 + out.size(); layer < depth[f]; ++layer)
      out.push_back(lead(frames[f], out.empty() ? source : out.back(), layer));
    std::vector<std::size_t>& in = ways_in[arrow.to];
    if (in.empty() && frames[g].vertices[target].layer > 0) {
      for (std::size_t layer = 0; layer < frames[g].vertices[target].layer; ++layer)
        in.push_back(lead(frames[g], in.empty() ? nowhere : in.back(), layer));
      frames[g].vertices[in.back()].after.push_back(target);
      frames[g].vertices[target].before.push_back(in.back());
    }
  }
  for (Column& frame : frames) {
    for (std::size_t v = 0; v < frame.vertices.size(); ++v) {
      const std::size_t layer = frame.vertices[v].layer;
      if (frame.rows.size() <= layer) frame.rows.resize(layer + 1);
      frame.vertices[v].y = static_cast<double>(frame.rows[layer].size());
      frame.rows[layer].push_back(v);
    }
    frame.order();
    if (!frame.vertices.empty()) frame.place();
  }

  // Frames: columns by their own order; what the file holds stands before all stages.
  std::vector<std::pair<std::size_t, std::size_t>> between;
  for (std::size_t f = 1; f < frames.size(); ++f) {
    for (std::uint32_t before : picture.frames[f].after) between.emplace_back(before, f);
    if (!frames[0].vertices.empty()) between.emplace_back(0, f);
  }
  for (const Arrow& arrow : picture.arrows)
    if (picture.boxes[arrow.from].frame != picture.boxes[arrow.to].frame)
      between.emplace_back(picture.boxes[arrow.from].frame, picture.boxes[arrow.to].frame);
  const std::vector<std::size_t> column = layers(frames.size(), between);
  const std::size_t columns = frames.empty() ? 0 : *std::max_element(column.begin(), column.end()) + 1;
  // An arrow that passes whole columns does so above the frames, in a lane of its box.
  std::vector<std::size_t> lane_of(picture.boxes.size(), nowhere);
  std::size_t lanes = 0;
  for (const Arrow& arrow : picture.arrows) {
    const std::size_t from = column[picture.boxes[arrow.from].frame],
                      to = column[picture.boxes[arrow.to].frame];
    if (to > from + 1 && lane_of[arrow.from] == nowhere) lane_of[arrow.from] = lanes++;
  }
  const double top_of_frames = margin + static_cast<double>(lanes) * lane_gap;
  std::vector<std::pair<double, double>> column_sides(columns);
  double x = margin;
  for (std::size_t c = 0; c < columns; ++c) {
    double y = top_of_frames, widest = 0;
    for (std::size_t f = 0; f < frames.size(); ++f) {
      if (column[f] != c || frames[f].vertices.empty()) continue;
      const bool titled = !picture.frames[f].title.empty();
      const double top = titled ? frame_title : 0, pad = titled ? frame_pad : 0;
      Rectangle& outer = layout.frames[f];
      outer = {x, y, frames[f].width + 2 * pad, frames[f].height + top + 2 * pad - (titled ? 8 : 0)};
      for (Vertex& vertex : frames[f].vertices) {
        vertex.x += x + pad;
        vertex.y += y + top + (titled ? pad - 8 : 0);
      }
      y += outer.height + frame_gap / 2;
      widest = std::max(widest, outer.width);
      layout.height = std::max(layout.height, outer.y + outer.height + margin);
    }
    column_sides[c] = {x, x + widest};
    if (widest > 0) x += widest + frame_gap;
  }
  layout.width = std::max(x - frame_gap + margin, 2 * margin);
  layout.height = std::max(layout.height, 2 * margin);

  for (std::size_t b = 0; b < picture.boxes.size(); ++b) {
    const Vertex& vertex = frames[picture.boxes[b].frame].vertices[place_of[b]];
    layout.boxes[b] = {vertex.x, vertex.y, vertex.width, vertex.height};
  }
  for (std::size_t a = 0; a < picture.arrows.size(); ++a) {
    const Arrow& arrow = picture.arrows[a];
    const Rectangle& from = layout.boxes[arrow.from];
    const Rectangle& to = layout.boxes[arrow.to];
    std::vector<Point>& points = layout.arrows[a];
    points.push_back({from.x + from.width, from.y + from.height / 2});
    const std::size_t f = picture.boxes[arrow.from].frame, g = picture.boxes[arrow.to].frame;
    auto through = [&](std::size_t frame, const std::vector<std::size_t>& vertices) {
      for (const std::size_t v : vertices)
        points.push_back(
            {frames[frame].vertices[v].x + frames[frame].row_width(frames[frame].vertices[v].layer) / 2,
             frames[frame].vertices[v].y + frames[frame].vertices[v].height / 2});
    };
    if (f == g) {
      through(f, bends[a]);
    } else {
      through(f, ways_out[arrow.from]);
      if (!ways_out[arrow.from].empty() || column[g] > column[f] + 1)
        points.push_back({column_sides[column[f]].second, points.back().y});
      if (column[g] > column[f] + 1) {
        const double lane = margin / 2 + static_cast<double>(lane_of[arrow.from]) * lane_gap + lane_gap / 2;
        points.push_back({column_sides[column[f] + 1].first, lane});
        points.push_back({column_sides[column[g] - 1].second, lane});
      }
      if (!ways_in[arrow.to].empty())
        points.push_back(
            {column_sides[column[g]].first, frames[g].vertices[ways_in[arrow.to].front()].y +
                                                frames[g].vertices[ways_in[arrow.to].front()].height / 2});
      through(g, ways_in[arrow.to]);
    }
    points.push_back({to.x, to.y + to.height / 2});
  }
  return layout;
}

}  // namespace cairn::draw
