#include "runtime/array/simulator/certificate.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace cairn::array::simulator {

void KeyEnd::operator()(EVP_PKEY* key) const {
  EVP_PKEY_free(key);
}
void KeyEnd::operator()(X509* certificate) const {
  X509_free(certificate);
}

Result<Certificate> make_certificate(std::int64_t now) {
  const Failure failed{.message = "could not make a certificate for the simulated array",
                       .causes = {"OpenSSL refused"}};
  Certificate made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* const certificate = made.certificate.get();
  if (!made.key || certificate == nullptr) return failed;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), now);
  ASN1_TIME_set(X509_getm_notBefore(certificate), static_cast<time_t>(now - 3600));
  ASN1_TIME_set(X509_getm_notAfter(certificate),
                static_cast<time_t>(now + std::int64_t{10} * 365 * 24 * 3600));
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("simulated FlashArray"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  for (const auto& [kind, value] : {std::pair{NID_subject_alt_name, "IP:127.0.0.1,IP:::1,DNS:localhost"},
                                    {NID_basic_constraints, "critical,CA:TRUE"}}) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    if (extension == nullptr) return failed;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  if (X509_sign(certificate, made.key.get(), EVP_sha256()) == 0) return failed;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1) return failed;
  for (unsigned int i = 0; i < length; ++i) made.fingerprint += fmt::format("{:02x}", digest[i]);
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(memory.get(), certificate);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  made.pem.assign(text, static_cast<std::size_t>(size));
  return made;
}

}  // namespace cairn::array::simulator
