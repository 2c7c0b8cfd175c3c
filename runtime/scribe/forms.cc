#include <algorithm>

#include "runtime/scribe/masker.h"
#include "runtime/scribe/patterns.h"

namespace cairn::scribe {

namespace {

constexpr std::string_view standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The characters of base64(prefix + value + anything) that depend on `value` alone, for a prefix of `offset`
// bytes (mod 3): the first and last character are shared with the neighbours unless they fall on a boundary.
std::string base64_core(std::string_view value, std::size_t offset, std::string_view alphabet) {
  std::string core;
  const std::size_t bits = value.size() * 8;
  const std::size_t skipped_bits = offset == 0 ? 0 : 6 - (offset * 8) % 6;  // of the shared first character
  for (std::size_t bit = skipped_bits % 6; bit + 6 <= bits; bit += 6) {
    unsigned sextet = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      const auto byte = static_cast<unsigned char>(value[i / 8]);
      sextet = sextet << 1U | (byte >> (7 - i % 8) & 1U);
    }
    core += alphabet[sextet];
  }
  return core;
}

std::string percent_encoded(std::string_view value, std::string_view digits, bool plus_for_space) {
  std::string encoded;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else if (c == ' ' && plus_for_space) {
      encoded += '+';
    } else {
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 15];
    }
  }
  return encoded;
}

std::string json_escaped(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    switch (c) {
      case '"':
        escaped += "\\\"";
        break;
      case '\\':
        escaped += "\\\\";
        break;
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\t':
        escaped += "\\t";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string xml_escaped(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

void add_forms(std::string_view value, std::vector<std::string>& forms) {
  forms.emplace_back(value);
  for (const std::string_view alphabet : {standard_alphabet, url_alphabet})
    for (std::size_t offset = 0; offset < 3; ++offset) forms.push_back(base64_core(value, offset, alphabet));
  for (const std::string_view digits : {"0123456789ABCDEF", "0123456789abcdef"})
    for (const bool plus : {false, true}) forms.push_back(percent_encoded(value, digits, plus));
  forms.push_back(json_escaped(value));
  forms.push_back(xml_escaped(value));
}

}  // namespace

std::vector<std::string> forms_of_secret(std::string_view value) {
  std::vector<std::string> forms;
  // A trailing line end belongs to the file the secret came from, hardly ever to where it is printed.
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.remove_suffix(1);
  if (value.size() < Masker::shortest) return forms;
  add_forms(value, forms);
  if (value.find('\n') != std::string_view::npos) {
    for (std::size_t begin = 0; begin < value.size();) {
      const std::size_t end = std::min(value.find('\n', begin), value.size());
      std::string_view line = value.substr(begin, end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.size() >= Masker::shortest) add_forms(line, forms);
      begin = end + 1;
    }
  }
  std::sort(forms.begin(), forms.end());
  forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
  return forms;
}

}  // namespace cairn::scribe
