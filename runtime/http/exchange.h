// One request and its answer while both are under way. Shared between the waiting caller and the reactor's
// thread; everything below `mutex` is guarded by it, the rest belongs to the reactor's thread.
#pragma once

#include <curl/curl.h>

#include <condition_variable>
#include <mutex>

#include "runtime/http/client.h"

namespace cairn::http {

inline constexpr std::size_t most_unread = 1u << 20;    // bytes of an answer that wait for their reader
inline constexpr std::size_t most_unsent = 256u << 10;  // bytes of a body that wait to be sent

struct Exchange {
  Exchange(const Request& what, bool is_streamed) : request(what), streamed(is_streamed) {}
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const Request request;
  const bool streamed;
  std::string socket_path;      // request.unix_socket, shortened when it is too long for the kernel
  std::int64_t body_size = -1;  // of a body that is pumped; negative: not known

  // Those whose reader is to be woken when all that has arrived was taken in: an engine sends a log in pieces of
  // a line each. The reactor's own.
  std::vector<Exchange*>* fed = nullptr;
  CURL* easy = nullptr;
  curl_slist* sent_headers = nullptr;
  char error_text[CURL_ERROR_SIZE] = {};
  std::string seen_fingerprint;  // of a certificate that was refused

  std::mutex mutex;
  std::condition_variable_any changed;
  int status = 0;
  std::vector<Header> headers;
  bool headers_complete = false;
  std::string unread;  // what came of the body and is not taken yet
  bool receiving_paused = false;
  bool too_big = false;
  std::string unsent;          // what is to be sent of a pumped body
  bool pumped = false;         // the body comes through `unsent`
  bool body_complete = false;  // nothing more will come into `unsent`
  bool sending_paused = false;
  bool request_sent = false;  // at least its first byte may have left
  bool given_up = false;      // by the caller: not to be sent any more
  bool finished = false;
  CURLcode outcome = CURLE_OK;
  long system_error = 0;
  long new_connections = 0;  // 0: on one that had served before
};

// Makes the easy handle for it, with all options set and all callbacks into `exchange`. False: out of memory.
bool prepare(Exchange& exchange);

// Why a finished exchange has no answer, or a given up one.
Failure failure_of(const Exchange& exchange);

// What people call the place that a request goes to: "unix:///var/run/docker.sock", "https://array1".
std::string place_of(const Request& request);

}  // namespace cairn::http
