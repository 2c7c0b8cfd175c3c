#include "runtime/http/exchange.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <strings.h>
#include <sys/socket.h>

#include <cstring>

#include <fmt/format.h>

#include "runtime/http/tls_trouble.h"

namespace cairn::http {

namespace {

std::string lower_hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c))) {
      digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return digits;
}

bool may_be_repeated(const Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Called each time that a connection stands, right before the request goes out on it.
int before_sending(void* data, char*, char*, int, int) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  const std::lock_guard lock(exchange.mutex);
  if (exchange.given_up) return CURL_PREREQFUNC_ABORT;
  if (exchange.request_sent && !may_be_repeated(exchange.request)) return CURL_PREREQFUNC_ABORT;
  exchange.request_sent = true;
  return CURL_PREREQFUNC_OK;
}

std::size_t header_arrived(char* bytes, std::size_t, std::size_t size, void* data) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  std::string_view line(bytes, size);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  const std::lock_guard lock(exchange.mutex);
  if (exchange.headers_complete) return size;  // a trailer
  if (line.starts_with("HTTP/")) {
    exchange.headers.clear();
    const std::size_t space = line.find(' ');
    exchange.status = space == line.npos ? 0 : std::atoi(std::string(line.substr(space)).c_str());
  } else if (line.empty()) {
    const bool interim = exchange.status < 200 && exchange.status != 101;
    const bool followed =
        exchange.status >= 300 && exchange.status < 400 && exchange.request.max_redirects > 0;
    if (!interim && !followed) {
      exchange.headers_complete = true;
      exchange.changed.notify_all();
    }
  } else if (const std::size_t colon = line.find(':'); colon != line.npos) {
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    exchange.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  return size;
}

std::size_t body_arrived(char* bytes, std::size_t, std::size_t size, void* data) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  const std::lock_guard lock(exchange.mutex);
  if (exchange.streamed) {
    exchange.headers_complete = true;
    if (!exchange.unread.empty() && exchange.unread.size() + size > most_unread) {
      exchange.receiving_paused = true;
      return CURL_WRITEFUNC_PAUSE;
    }
  } else if (exchange.unread.size() + size > exchange.request.max_response) {
    exchange.too_big = true;
    return 0;
  }
  if (exchange.streamed && (exchange.fed->empty() || exchange.fed->back() != &exchange))
    exchange.fed->push_back(&exchange);
  exchange.unread.append(bytes, size);
  return size;
}

std::size_t body_wanted(char* bytes, std::size_t, std::size_t room, void* data) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  const std::lock_guard lock(exchange.mutex);
  if (exchange.given_up) return CURL_READFUNC_ABORT;
  if (exchange.unsent.empty()) {
    if (exchange.body_complete) return 0;
    exchange.sending_paused = true;
    exchange.changed.notify_all();
    return CURL_READFUNC_PAUSE;
  }
  const std::size_t size = std::min(room, exchange.unsent.size());
  std::memcpy(bytes, exchange.unsent.data(), size);
  exchange.unsent.erase(0, size);
  exchange.changed.notify_all();
  return size;
}

// Instead of the chain: is it the very certificate that we were told?
int certificate_is_the_one(X509_STORE_CTX* store, void* data) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return 0;
  std::string seen;
  for (unsigned int i = 0; i < size; ++i) seen += fmt::format("{:02x}", digest[i]);
  if (seen == lower_hex(exchange.request.tls.fingerprint)) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  exchange.seen_fingerprint = seen;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

CURLcode use_fingerprint(CURL*, void* context, void* data) {
  SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), certificate_is_the_one, data);
  return CURLE_OK;
}

void set_tls(Exchange& exchange) {
  const Tls& tls = exchange.request.tls;
  CURL* easy = exchange.easy;
  if (!tls.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.cert_file.empty()) curl_easy_setopt(easy, CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.key_file.empty()) curl_easy_setopt(easy, CURLOPT_SSLKEY, tls.key_file.c_str());
  if (!tls.fingerprint.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, use_fingerprint);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, &exchange);
    // Kept connections are used again by those with equal TLS options; this makes the fingerprint one of
    // them.
    curl_easy_setopt(easy, CURLOPT_CAPATH, ("/nowhere/" + lower_hex(tls.fingerprint)).c_str());
  } else if (!tls.verify) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

void set_body(Exchange& exchange) {
  const Request& request = exchange.request;
  CURL* easy = exchange.easy;
  if (exchange.pumped) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, body_wanted);
    curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
    if (exchange.body_size >= 0) {
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.body_size));
    }
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

bool names(const Request& request, const char* header) {
  for (const Header& each : request.headers) {
    if (strcasecmp(each.name.c_str(), header) == 0) return true;
  }
  return false;
}

bool add_header(Exchange& exchange, const std::string& line) {
  curl_slist* longer = curl_slist_append(exchange.sent_headers, line.c_str());
  if (longer == nullptr) return false;
  exchange.sent_headers = longer;
  return true;
}

bool set_headers(Exchange& exchange) {
  // Without the 100-continue second, and without a form's content type that libcurl would make up.
  bool whole = add_header(exchange, "Expect:");
  if (!names(exchange.request, "Content-Type")) whole = whole && add_header(exchange, "Content-Type:");
  for (const Header& header : exchange.request.headers) {
    whole = whole && add_header(exchange,
                                header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  curl_easy_setopt(exchange.easy, CURLOPT_HTTPHEADER, exchange.sent_headers);
  return whole;
}

std::string what_curl_says(const Exchange& exchange) {
  return exchange.error_text[0] != '\0' ? exchange.error_text : curl_easy_strerror(exchange.outcome);
}

}  // namespace

Exchange::~Exchange() {
  if (easy != nullptr) curl_easy_cleanup(easy);
  curl_slist_free_all(sent_headers);
}

bool prepare(Exchange& exchange) {
  const Request& request = exchange.request;
  CURL* easy = curl_easy_init();
  if (easy == nullptr) return false;
  exchange.easy = easy;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &exchange);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange.error_text);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_arrived);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_arrived);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  if (exchange.streamed) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 128L << 10);
  if (exchange.socket_path.empty()) {
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, exchange.socket_path.c_str());
  }
  const auto milliseconds = [](Nanoseconds time) {
    return std::max(1L, static_cast<long>(std::chrono::ceil<Milliseconds>(time).count()));
  };
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
  if (request.timeout) curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(*request.timeout));
  if (request.max_redirects > 0) {
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(request.max_redirects));
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  }
  set_tls(exchange);
  set_body(exchange);
  return set_headers(exchange);
}

std::string place_of(const Request& request) {
  if (!request.unix_socket.empty()) return "unix://" + request.unix_socket;
  const std::size_t scheme = request.url.find("://");
  const std::size_t path = request.url.find_first_of("/?", scheme == std::string::npos ? 0 : scheme + 3);
  return request.url.substr(0, path);
}

Failure failure_of(const Exchange& exchange) {
  const std::string place = place_of(exchange.request);
  Failure failure{.message = fmt::format("no answer from {}", place), .is = FailureClass::endpoint};
  failure.nothing_done = !exchange.request_sent;
  if (exchange.given_up) {
    failure.message = fmt::format("stopped waiting for {}", place);
    failure.is = FailureClass::cancelled;
  } else if (exchange.too_big) {
    failure.message =
        fmt::format("the answer from {} is larger than {} bytes", place, exchange.request.max_response);
  } else if (!exchange.seen_fingerprint.empty()) {
    failure.message = fmt::format("{} shows another certificate than the one that was pinned", place);
    failure.causes.push_back(fmt::format("its SHA-256 fingerprint is {}", exchange.seen_fingerprint));
  } else if (exchange.outcome == CURLE_OPERATION_TIMEDOUT) {
    failure.message = exchange.request_sent ? fmt::format("{} did not answer in time", place)
                                            : fmt::format("could not connect to {} in time", place);
    failure.is = FailureClass::timeout;
  } else if (exchange.outcome == CURLE_COULDNT_CONNECT) {
    failure.message = fmt::format("could not connect to {}", place);
    failure.causes.push_back(exchange.system_error != 0
                                 ? std::strerror(static_cast<int>(exchange.system_error))
                                 : what_curl_says(exchange));
  } else if (exchange.outcome == CURLE_ABORTED_BY_CALLBACK && exchange.request_sent) {
    failure.causes.push_back("the connection was closed after the request was sent");
  } else {
    const std::string said = what_curl_says(exchange);
    if (const std::optional<TlsTrouble> trouble = tls_trouble(place, said)) {
      failure.message = trouble->what;
      failure.help = trouble->help;
      failure.nothing_done = true;  // no request is read before the certificates are settled
    } else if (exchange.new_connections > 0 && exchange.request.url.starts_with("https:")) {
      if (const auto refused = hung_up(place, said, !exchange.request.tls.cert_file.empty())) {
        failure.message = refused->what;
        failure.help = refused->help;
      }
    }
    failure.causes.push_back(said);
  }
  return failure;
}

}  // namespace cairn::http
