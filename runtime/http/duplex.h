// A connection that has stopped to speak HTTP: what an engine answers to `Upgrade: tcp` (Docker Engine API
// 1.41, "hijacking"). Bytes go both ways, and neither way ever blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/effects/result.h"

namespace cairn::http {

// Used by one thread at a time, which holds a NoBrokenPipe (broken_pipe.h). Destroying it closes the
// connection.
class Duplex {
 public:
  virtual ~Duplex() = default;
  // To be polled: readable means read_some(), writable write_some(). Read until there is nothing before
  // polling again: TLS may hold bytes that the descriptor does not show.
  virtual int descriptor() const = 0;
  // How many bytes were taken; 0: none now.
  virtual Result<std::size_t> write_some(std::string_view bytes) = 0;
  // Nothing: none now. An empty string: the other side has said its last.
  virtual Result<std::optional<std::string>> read_some() = 0;
  // Nothing more will be written. Over TLS there is no half of a connection to be closed: false, and nothing
  // is done.
  virtual bool end_writing() = 0;
};

}  // namespace cairn::http
