// What each node touches outside of itself: volumes, host paths, host ports, names, tags, databases.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interpreter/graph.h"

namespace cairn::lint {

enum class ResourceForm { volume, host_path, host_port, object_name, image_tag, database };

struct Access {
  ResourceForm form = ResourceForm::volume;
  std::string resource;  // what it is: a node's path, "/srv/data", "8080", "acme/app:1.0"
  std::string
      within;  // where its name counts, so that equal names elsewhere are others: an engine; may be empty
  std::string address;  // of a host port: the one it is bound to; empty: all
  NodeId node = no_node;
  StepId begins = no_step;  // the first step that touches it
  StepId ends = no_step;    // the one after which it is free again
  bool writes = true;
  Span span;  // where the file says so; in a library's kind: of the instance that the reader wrote
};

// All accesses, in the order of the nodes. What a name in a late value may mean is not guessed at.
std::vector<Access> accesses(const Graph& graph);

std::string_view name_of(ResourceForm form);  // "volume", "host path", …

// The span, or, when it lies in another file than the outermost instance that the node belongs to, the head
// of that instance: a finding belongs where its reader can do something about it. Also for a span that is not
// known.
Span reader_span(const Graph& graph, NodeId node, Span span);

// The node's path, or that of the instance whose head reader_span gives: `test.db`, not `test.db.main`.
std::string reader_path(const Graph& graph, NodeId node);

// The setting's elements, or itself when it is one value: `tags = "a"` and `tags = ["a"]` say the same. None
// for null.
std::vector<const Value*> elements_of(const Node& node, std::string_view setting);

// As a path of the project: relative to its root, `.` and `..` resolved. Nothing for what is outside of it or
// says nothing about this machine: absolute ones, `~`, addresses.
std::optional<std::string> project_path(const Path& path);

}  // namespace cairn::lint
