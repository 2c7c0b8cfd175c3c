#include "runtime/array/signed_token.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace cairn::array {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[(bits >> (count - 6)) & 63u];
  }
  if (count > 0) text += kAlphabet[(bits << (6 - count)) & 63u];
  return text;
}

std::string from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return {};
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    if ((count += 6) >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 255u);
    }
  }
  return bytes;
}

Result<std::string> signed_token(const SigningKey& key, std::int64_t now, std::int64_t lifetime_seconds) {
  const auto refuse = [&](std::string cause) {
    return Failure{.message = "could not sign in to the array with the API client `" + key.client_id + "`",
                   .causes = {std::move(cause)},
                   .help = "give the private key of the API client as an RSA key in PEM",
                   .is = FailureClass::endpoint,
                   .nothing_done = true};
  };
  const Memory memory(
      BIO_new_mem_buf(key.private_key_pem.data(), static_cast<int>(key.private_key_pem.size())), BIO_free);
  const Key signer(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!signer) return refuse("the private key cannot be read");
  if (EVP_PKEY_base_id(signer.get()) != EVP_PKEY_RSA) return refuse("the private key is not an RSA key");

  const nlohmann::json head = {{"alg", "RS256"}, {"typ", "JWT"}, {"kid", key.key_id}};
  const nlohmann::json claims = {{"iss", key.issuer},
                                 {"aud", key.client_id},
                                 {"sub", key.user},
                                 {"iat", now},
                                 {"exp", now + lifetime_seconds}};
  std::string token = base64url(head.dump()) + "." + base64url(claims.dump());

  const Digest digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(token.data());
  std::size_t length = 0;
  if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, signer.get()) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &length, bytes, token.size()) != 1) {
    return refuse("the private key cannot sign");
  }
  std::string signature(length, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, bytes,
                     token.size()) != 1) {
    return refuse("the private key cannot sign");
  }
  signature.resize(length);
  return token + "." + base64url(signature);
}

}  // namespace cairn::array
