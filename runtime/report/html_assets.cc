#include "runtime/report/html_assets.h"

namespace cairn::report {

std::string_view report_style() {
  return R"(
.head{display:flex;align-items:center;gap:12px;flex-wrap:wrap}
.meta{display:flex;flex-wrap:wrap;gap:2px 16px;margin:6px 0 0}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0 0}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
.pill{display:inline-block;padding:1px 9px;border-radius:99px;font-size:12px;line-height:18px;font-weight:600;white-space:nowrap}
.pill.ok{background:var(--ok-soft);color:var(--ok)}.pill.bad{background:var(--bad-soft);color:var(--bad)}
.pill.warn{background:var(--warn-soft);color:var(--warn)}.pill.idle{background:var(--idle-soft);color:var(--idle)}
.pill.run{background:var(--run-soft);color:var(--run)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin:22px 0 12px}
.tile{padding:12px 16px}
.value{font-size:21px;font-weight:650;letter-spacing:-.01em;margin:1px 0}
.ok-text{color:var(--ok)}.bad-text{color:var(--bad)}
.stages{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:12px 22px}
.stages li{flex:1 1 150px;padding:9px 14px;border-top:3px solid var(--idle);position:relative;display:flex;flex-direction:column}
.stages li+li::before{content:"→";position:absolute;left:-18px;top:14px;color:var(--soft)}
.stages li.ok{border-top-color:var(--ok)}.stages li.bad{border-top-color:var(--bad)}.stages li.run{border-top-color:var(--run)}
.stages li.idle{opacity:.75}
.trouble{border-left:3px solid var(--bad);padding:14px 18px;margin:0 0 12px}
.trouble.allowed{border-left-color:var(--warn)}
.trouble h3{margin:0;font-size:14px;font-weight:650;overflow-wrap:anywhere}
.message{margin:8px 0 4px;white-space:pre-wrap;overflow-wrap:anywhere;font-weight:500}
.causes{margin:4px 0;padding-left:18px;color:var(--text)}
.causes li::marker{content:"↳ ";color:var(--soft)}
.help{margin:10px 0 0;padding:7px 12px;background:var(--run-soft);border-radius:6px;overflow-wrap:anywhere}
h4{margin:12px 0 4px;font-size:12px;font-weight:600;color:var(--soft)}
pre.out{margin:6px 0;padding:10px 12px;background:var(--faint);border:1px solid var(--line);border-radius:6px;overflow:auto;max-height:420px;line-height:1.45}
pre.out .add{color:var(--ok)}pre.out .del{color:var(--bad)}
.tools{display:flex;flex-wrap:wrap;gap:10px;margin:0 0 10px}
.tools[hidden]{display:none}
#search{flex:1 1 260px;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:7px;padding:6px 12px}
.filters{display:flex}
button{font:inherit;font-size:13px;color:var(--text);background:var(--card);border:1px solid var(--line);border-radius:7px;padding:5px 12px;cursor:pointer}
.filters button{border-radius:0;margin-left:-1px}
.filters button:first-child{border-radius:7px 0 0 7px;margin-left:0}.filters button:last-child{border-radius:0 7px 7px 0}
button[aria-pressed=true]{background:var(--run-soft);color:var(--run);font-weight:600;border-color:var(--run);position:relative}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th{font-size:12px;font-weight:600;color:var(--soft);text-align:left;background:var(--faint)}
th,td{padding:7px 14px;vertical-align:top;border-bottom:1px solid var(--line)}
tbody tr:last-child td{border-bottom:0}
td:first-child{white-space:nowrap;width:1%}
#tests td:nth-child(2){width:99%;max-width:0}
#tests td:nth-child(3),.steps td:nth-child(2){white-space:nowrap}
.time-cell{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;color:var(--soft)}
th:last-child{text-align:right}.steps th:nth-last-child(2){text-align:right}
.name{overflow-wrap:anywhere}
td>.name,td>.where{margin-left:14px}
code{background:var(--faint);border-radius:4px;padding:1px 4px}.help code{background:none;padding:0;font-weight:600}
.where{display:block;font-size:12px;overflow-wrap:anywhere}
summary{cursor:pointer;list-style-position:outside;margin-left:14px}
details[open]>summary{margin-bottom:4px}
#none{padding:14px;margin:0}
@media print{.tools{display:none}pre.out{max-height:none}}
@media(max-width:640px){main{padding:18px 12px}th,td{padding:6px 8px}#tests td:nth-child(3),#tests th:nth-child(3){display:none}.stages li+li::before{content:""}}
)";
}

std::string_view report_script() {
  return R"(
(function () {
  "use strict";
  var table = document.getElementById("tests");
  if (!table) return;
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows);
  var texts = null;
  var show = "all";
  var search = document.getElementById("search");
  var slowest = document.getElementById("slowest");
  var none = document.getElementById("none");
  var buttons = Array.prototype.slice.call(document.querySelectorAll("[data-show]"));
  document.getElementById("tools").hidden = false;

  function apply() {
    if (!texts) texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = 0;
    rows.forEach(function (row, i) {
      var fits = (show === "all" || row.className === show) &&
        words.every(function (word) { return texts[i].indexOf(word) >= 0; });
      row.hidden = !fits;
      if (fits) shown += 1;
    });
    none.hidden = shown !== 0;
  }
  function seconds(row) { return parseFloat(row.lastElementChild.getAttribute("data-s")) || 0; }

  buttons.forEach(function (button) {
    button.addEventListener("click", function () {
      show = button.getAttribute("data-show");
      buttons.forEach(function (other) { other.setAttribute("aria-pressed", String(other === button)); });
      apply();
    });
  });
  search.addEventListener("input", apply);
  slowest.addEventListener("click", function () {
    var on = slowest.getAttribute("aria-pressed") !== "true";
    slowest.setAttribute("aria-pressed", String(on));
    var order = on ? rows.slice().sort(function (a, b) { return seconds(b) - seconds(a); }) : rows;
    order.forEach(function (row) { body.appendChild(row); });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      apply();
    }
  });
})();
)";
}

}  // namespace cairn::report
