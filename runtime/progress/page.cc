#include "runtime/progress/page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "runtime/scribe/sanitise.h"

namespace cairn::progress {

namespace {

constexpr std::string_view common_style = R"(
:root{color-scheme:light dark;
--ground:#fbfbfa;--card:#ffffff;--line:#e4e4e0;--text:#1d1f21;--soft:#65696e;--faint:#f2f2ef;
--ok:#1a7f4b;--ok-soft:#dcf3e6;--bad:#c0262d;--bad-soft:#fde6e6;--warn:#96620a;--warn-soft:#fdf0d5;
--idle:#6e7781;--idle-soft:#ecedef;--run:#2563c9;--run-soft:#dfeafb;--accent:#2563c9;--shadow:0 1px 2px #0000000f}
@media(prefers-color-scheme:dark){:root{
--ground:#131417;--card:#1b1d21;--line:#2e3137;--text:#e7e8ea;--soft:#9aa0a8;--faint:#22252a;
--ok:#4cc38a;--ok-soft:#123226;--bad:#ff7b78;--bad-soft:#3d1a1c;--warn:#e3b341;--warn-soft:#362a10;
--idle:#9aa0a8;--idle-soft:#2a2d32;--run:#74a9ff;--run-soft:#172a47;--accent:#74a9ff;--shadow:none}}
*{box-sizing:border-box}
html{font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;background:var(--ground);color:var(--text)}
body{margin:0}
main{max-width:1180px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:22px;line-height:1.25;margin:0;font-weight:650;letter-spacing:-.01em}
h2{font-size:15px;font-weight:650;margin:36px 0 10px}
code,pre,.mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12.5px}
a{color:var(--accent)}
.soft{color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;box-shadow:var(--shadow)}
)";

std::string sha256_base64(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {encoded.begin(), encoded.begin() + length};
}

}  // namespace

std::string html(std::string_view text) {
  std::string escaped;
  for (const char c : scribe::sanitised(text, {.one_line = false})) {
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
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string shown_page(const Page& page) {
  const std::string style = std::string(common_style) + page.style;
  std::string policy = fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'", sha256_base64(style));
  if (!page.script.empty()) policy += fmt::format("; script-src 'sha256-{}'", sha256_base64(page.script));
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"referrer\" "
      "content=\"no-referrer\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}",
      policy, html(page.title), style, page.body);
  if (!page.script.empty()) text += fmt::format("<script>{}</script>\n", page.script);
  text += "</body>\n</html>\n";
  return text;
}

}  // namespace cairn::progress
