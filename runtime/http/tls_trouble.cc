#include "runtime/http/tls_trouble.h"

#include <fmt/format.h>

namespace cairn::http {
namespace {

// The words are those of OpenSSL 3.0 and of libcurl 7.88 on top of it.
struct Known {
  std::string_view words, what, help;
};
constexpr std::string_view give_ca =
    "give the certificate of its authority: `ca.pem` beside the others, `tls { ca = … }` in the file";
constexpr std::string_view give_ours =
    "give a client certificate: `cert.pem` and `key.pem`, `tls { cert = …, key = … }` in the file";
constexpr Known known_words[] = {
    {"certificate has expired", "the certificate of {} has expired",
     "renew it; a wrong clock of this machine looks the same"},
    {"certificate is not yet valid", "the certificate of {} is not valid yet",
     "is this machine's clock right?"},
    {"no alternative certificate subject name matches", "the certificate of {} is for another name",
     "use a name that is in it, or make it again with this one (subjectAltName)"},
    {"unable to get local issuer certificate",
     "the certificate of {} is of an authority that is not known here", give_ca},
    {"self-signed certificate", "the certificate of {} is of an authority that is not known here", give_ca},
    {"self signed certificate", "the certificate of {} is of an authority that is not known here", give_ca},
    {"certificate signature failure", "the certificate of {} is of an authority that is not known here",
     give_ca},
    {"alert certificate required", "{} wants a certificate of ours", give_ours},
    {"alert bad certificate", "{} refuses our certificate", give_ours},
    {"alert handshake failure", "{} refuses our certificate", give_ours},
    {"alert unknown ca", "{} refuses our certificate: it is of an authority that is not known there",
     give_ours},
    {"alert certificate expired", "{} refuses our certificate: it has expired", "renew it"},
    {"wrong version number", "{} does not speak TLS",
     "leave TLS out, or use the engine's TLS port (2376, most often)"},
    {"packet length too long", "{} does not speak TLS",
     "leave TLS out, or use the engine's TLS port (2376, most often)"},
    {"error setting certificate verify locations", "the authority's certificate for {} cannot be read",
     "is the path right, and is it PEM?"},
    {"could not load PEM client certificate", "our certificate for {} cannot be read",
     "is the path right, and is it PEM?"},
    {"unable to set private key file", "the key of our certificate for {} cannot be read",
     "is the path right, is it PEM, and is it that certificate's key?"},
};

}  // namespace

std::optional<TlsTrouble> tls_trouble(const std::string& place, std::string_view said) {
  for (const Known& known : known_words)
    if (said.find(known.words) != said.npos)
      return TlsTrouble{fmt::format(fmt::runtime(known.what), place), std::string(known.help)};
  return std::nullopt;
}

std::optional<TlsTrouble> hung_up(const std::string& place, std::string_view said, bool shown) {
  for (const std::string_view words : {"getpeername() failed", "Connection reset", "Broken pipe"})
    if (said.find(words) != said.npos)
      return TlsTrouble{fmt::format("{} hung up at once: most likely it {}", place,
                                    shown ? "refuses our certificate" : "wants a certificate of ours"),
                        std::string(give_ours)};
  return std::nullopt;
}

}  // namespace cairn::http
