// The hash of a tree. Of tree.h, in a file of its own: the agent on an engine's machine has no OpenSSL.
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "runtime/clone/failed.h"
#include "runtime/clone/paths.h"
#include "runtime/clone/tree.h"
#include "runtime/effects/file_descriptor.h"

namespace cairn::clone {
namespace {

class Digest {
 public:
  Digest() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(const void* bytes, std::size_t count) { EVP_DigestUpdate(context_.get(), bytes, count); }
  // With its length, so that no two different lists of texts look the same.
  void add(std::string_view text) {
    const std::uint64_t length = text.size();
    add(&length, sizeof length);
    add(text.data(), text.size());
  }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int length = 0;
    EVP_DigestFinal_ex(context_.get(), bytes.data(), &length);
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
      text += "0123456789abcdef"[bytes[i] >> 4];
      text += "0123456789abcdef"[bytes[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Result<> add_content(Digest& digest, const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.open()) return failed("read " + path);
  std::vector<char> buffer(1u << 18);
  ssize_t count = 0;
  while ((count = read(file.number(), buffer.data(), buffer.size())) > 0) {
    digest.add(buffer.data(), static_cast<std::size_t>(count));
  }
  if (count < 0) return failed("read " + path);
  return Done{};
}

void add_attributes(Digest& digest, const std::string& path) {
  std::string names(static_cast<std::size_t>(std::max<ssize_t>(0, llistxattr(path.c_str(), nullptr, 0))),
                    '\0');
  names.resize(
      static_cast<std::size_t>(std::max<ssize_t>(0, llistxattr(path.c_str(), names.data(), names.size()))));
  std::set<std::string> sorted;
  for (std::size_t at = 0; at < names.size(); at += std::strlen(names.c_str() + at) + 1) {
    sorted.insert(names.c_str() + at);
  }
  for (const std::string& name : sorted) {
    std::string value(
        static_cast<std::size_t>(std::max<ssize_t>(0, lgetxattr(path.c_str(), name.c_str(), nullptr, 0))),
        '\0');
    (void)lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    digest.add(name);
    digest.add(value);
  }
}

}  // namespace

Result<std::string> hash_of_tree(const std::string& root) {
  const Result<std::vector<std::string>> paths = paths_of(root);
  if (!paths.ok()) return paths.failure();
  Digest digest;
  for (const std::string& inner : *paths) {
    const std::string path = root + inner;
    struct stat facts {};
    if (lstat(path.c_str(), &facts) != 0) return failed("look at " + path);
    digest.add(inner);
    const std::array<std::int64_t, 6> numbers = {
        static_cast<std::int64_t>(facts.st_mode),
        static_cast<std::int64_t>(facts.st_uid),
        static_cast<std::int64_t>(facts.st_gid),
        S_ISREG(facts.st_mode) ? static_cast<std::int64_t>(facts.st_size) : 0,
        static_cast<std::int64_t>(facts.st_mtim.tv_sec),
        static_cast<std::int64_t>(facts.st_mtim.tv_nsec)};
    digest.add(numbers.data(), sizeof numbers);
    add_attributes(digest, path);
    if (S_ISLNK(facts.st_mode)) digest.add(read_link(path));
    if (S_ISREG(facts.st_mode)) {
      if (Result<> added = add_content(digest, path); !added.ok()) return added.failure();
    }
  }
  return digest.hex();
}

}  // namespace cairn::clone
