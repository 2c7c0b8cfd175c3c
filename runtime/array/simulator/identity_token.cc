#include "runtime/array/simulator/identity_token.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "runtime/array/signed_token.h"

namespace cairn::array::simulator {
namespace {

using nlohmann::json;

bool signed_by(const std::string& public_key_pem, std::string_view text, const std::string& signature) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
      BIO_new_mem_buf(public_key_pem.data(), static_cast<int>(public_key_pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PUBKEY(memory.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return key && EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

}  // namespace

Result<std::string> user_of_identity_token(const std::string& token, const std::vector<ApiClient>& clients,
                                           std::int64_t now) {
  const auto refuse = [](const char* why) { return Failure{.message = why}; };
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string::npos ? first : token.find('.', first + 1);
  if (second == std::string::npos) return refuse("The identity token is not a JWT.");
  const json head = json::parse(from_base64url(token.substr(0, first)), nullptr, false);
  const json claims =
      json::parse(from_base64url(token.substr(first + 1, second - first - 1)), nullptr, false);
  if (!head.is_object() || !claims.is_object() || head.value("alg", "") != "RS256") {
    return refuse("The identity token is not a JWT signed with RS256.");
  }
  for (const ApiClient& client : clients) {
    if (client.client_id != claims.value("aud", "") || client.key_id != head.value("kid", "")) continue;
    if (client.issuer != claims.value("iss", "")) return refuse("The issuer is not trusted.");
    if (claims.value("exp", std::int64_t{0}) <= now) return refuse("The identity token has expired.");
    if (client.user != claims.value("sub", "")) return refuse("The user does not exist.");
    if (!signed_by(client.public_key_pem, std::string_view(token).substr(0, second),
                   from_base64url(token.substr(second + 1)))) {
      return refuse("The signature does not match.");
    }
    return client.user;
  }
  return refuse("The API client is not known or not enabled.");
}

}  // namespace cairn::array::simulator
