// Opening a TCP connection, to see whether somebody listens.
#pragma once

#include "runtime/effects/file_descriptor.h"
#include "runtime/effects/result.h"
#include "runtime/reach/target.h"

namespace cairn::reach {

// The open connection. The Failure's message is what was seen: "connection refused", "no answer", "no address
// for `db`: Name or service not known". Names are looked up by getaddrinfo(3), which does not hear a stop.
Result<FileDescriptor> dial(const Endpoint& endpoint, const Attempt& attempt);

// The same, closed again at once; through the endpoint's relay, if it has one.
Result<Done> try_connection(const Endpoint& endpoint, const Attempt& attempt);

// "10.0.0.7:5432", "[::1]:80".
std::string shown(const Endpoint& endpoint);

// What an errno of connect(2) is in words: "connection refused".
std::string words_for_errno(int error);

}  // namespace cairn::reach
