#include <fmt/format.h>

#include "interpreter/draw/drawings.h"

namespace cairn::draw {
namespace {

constexpr std::string_view page_head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>cairn graph</title>
<style>
  :root { --paper: #fbfbf9; --ink: #1f2328; --faint: #6b7280; --card: #ffffff; --edge: #d5d8d2 }
  @media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e8eaed; --faint: #9aa3ad; --card: #22272d; --edge: #333a42 } }
  * { box-sizing: border-box } html, body { height: 100%; margin: 0 }
  body { background: var(--paper); color: var(--ink); font: 14px/1.45 ui-sans-serif, system-ui, "Segoe UI", sans-serif; overflow: hidden }
  #stage { position: fixed; inset: 0; cursor: grab } #stage.drag { cursor: grabbing } #stage svg { width: 100%; height: 100%; display: block }
  header { position: fixed; top: 12px; left: 12px; display: flex; gap: 8px; align-items: center }
  header, aside { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 8px 12px; box-shadow: 0 2px 10px rgb(0 0 0 / .08) }
  input { width: 200px; border: 1px solid var(--edge); border-radius: 6px; background: var(--paper); color: var(--ink); font: inherit; padding: 4px 8px }
  button { border: 1px solid var(--edge); border-radius: 6px; background: var(--paper); color: var(--ink); font: inherit; padding: 4px 10px; cursor: pointer }
  #count { color: var(--faint) }
  aside { position: fixed; right: 12px; top: 12px; width: 340px; max-height: calc(100% - 24px); overflow: auto; display: none }
  aside.open { display: block } aside h2 { font-size: 15px; margin: 0 } aside .place { color: var(--faint); margin: 0 0 8px }
  aside h3 { font-size: 12px; margin: 12px 0 2px; color: var(--faint); font-weight: 600 }
  aside dl { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 3px 12px; align-items: baseline } aside dt { color: var(--faint) }
  aside dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; font-size: 12px }
  aside ul { margin: 0; padding-left: 16px } aside li { overflow-wrap: anywhere }
  .box { cursor: pointer } .box:focus { outline: none } .box:focus rect.card, .box.chosen rect.card { stroke: var(--ink); stroke-width: 2 }
  .quiet { opacity: .16 }
</style></head><body>
<div id="stage">
)";

constexpr std::string_view page_tail = R"(</div>
<header><input id="search" type="search" placeholder="Search" aria-label="Search for a step"><span id="count"></span><button id="fit">Fit</button></header>
<aside id="about" aria-live="polite"></aside>
<script>
'use strict'
const stage = document.getElementById('stage'), svg = stage.querySelector('svg'), world = document.getElementById('world')
const about = document.getElementById('about'), search = document.getElementById('search'), count = document.getElementById('count')
const boxes = [...document.querySelectorAll('.box')], arrows = [...document.querySelectorAll('.arrow')]
const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number)
svg.removeAttribute('viewBox')
let scale = 1, x = 0, y = 0, chosen = -1
const place = () => world.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`)
const fit = () => {
  scale = Math.min(stage.clientWidth / width, (stage.clientHeight - 60) / height, 1.4)
  x = (stage.clientWidth - width * scale) / 2; y = 60 + (stage.clientHeight - 60 - height * scale) / 2; place()
}
stage.addEventListener('wheel', event => {
  event.preventDefault()
  const by = Math.exp(-event.deltaY / 500), next = Math.min(6, Math.max(.05, scale * by))
  x = event.clientX - (event.clientX - x) * next / scale; y = event.clientY - (event.clientY - y) * next / scale; scale = next; place()
}, { passive: false })
let from = null, moved = false
stage.addEventListener('pointerdown', event => { from = [event.clientX - x, event.clientY - y]; moved = false; stage.classList.add('drag') })
addEventListener('pointermove', event => {
  if (!from) return
  const nx = event.clientX - from[0], ny = event.clientY - from[1]
  if (Math.abs(nx - x) + Math.abs(ny - y) > 2) moved = true
  x = nx; y = ny; place()
})
addEventListener('pointerup', () => { from = null; stage.classList.remove('drag') })
const reach = (start, step) => {
  const seen = new Set([start]), todo = [start]
  while (todo.length) for (const other of step(todo.pop())) if (!seen.has(other)) { seen.add(other); todo.push(other) }
  return seen
}
const before = b => graph.arrows.filter(a => a.to === b).map(a => a.from), after = b => graph.arrows.filter(a => a.from === b).map(a => a.to)
const show = lit => {
  boxes.forEach((box, b) => box.classList.toggle('quiet', lit !== null && !lit.has(b)))
  arrows.forEach((arrow, a) => arrow.classList.toggle('quiet', lit !== null && !(lit.has(graph.arrows[a].from) && lit.has(graph.arrows[a].to))))
}
const element = (name, text) => { const made = document.createElement(name); if (text !== undefined) made.textContent = text; return made }
const section = (title, items) => {
  if (!items.length) return
  about.append(element('h3', title)); const list = element('ul')
  items.forEach(item => list.append(element('li', item))); about.append(list)
}
const describe = b => {
  const box = graph.boxes[b]; about.replaceChildren(); about.classList.add('open')
  about.append(element('h2', `${box.kind} ${box.title}`))
  const where = element('p', box.place + (box.instances > 1 ? ` · ${box.instances} of them` : '')); where.className = 'place'; about.append(where)
  const settings = Object.entries(box.settings)
  if (settings.length) {
    const list = element('dl')
    settings.forEach(([name, value]) => list.append(element('dt', name), element('dd', value))); about.append(list)
  }
  section('Waits for', graph.arrows.filter(a => a.to === b).flatMap(a => a.because.map(why => `${graph.boxes[a.from].title}: ${why}`)))
  section('Is waited for by', graph.arrows.filter(a => a.from === b).flatMap(a => a.because.map(why => `${graph.boxes[a.to].title}: ${why}`)))
}
const choose = b => {
  chosen = b; boxes.forEach((box, other) => box.classList.toggle('chosen', other === b))
  if (b < 0) { show(null); about.classList.remove('open'); return }
  show(new Set([...reach(b, before), ...reach(b, after)])); describe(b)
}
boxes.forEach((box, b) => {
  box.addEventListener('click', event => { event.stopPropagation(); if (!moved) choose(b) })
  box.addEventListener('keydown', event => { if (event.key === 'Enter') choose(b) })
  box.addEventListener('pointerenter', () => { if (chosen < 0) describe(b) })
  box.addEventListener('pointerleave', () => { if (chosen < 0) about.classList.remove('open') })
})
stage.addEventListener('click', () => { if (!moved) choose(-1) })
addEventListener('keydown', event => { if (event.key === 'Escape') { search.value = ''; count.textContent = ''; choose(-1) } })
search.addEventListener('input', () => {
  choose(-1); const wanted = search.value.trim().toLowerCase()
  if (!wanted) { count.textContent = ''; return }
  const found = new Set(graph.boxes.flatMap((box, b) => `${box.kind} ${box.id} ${box.title}`.toLowerCase().includes(wanted) ? [b] : []))
  count.textContent = found.size + ' found'; show(found)
})
document.getElementById('fit').addEventListener('click', fit)
addEventListener('resize', fit); fit()
</script>
</body></html>
)";

}  // namespace

std::string html(const Picture& picture) {
  return fmt::format("{}{}<script>const graph = {}</script>\n{}", page_head, svg(picture), json(picture),
                     page_tail);
}

}  // namespace cairn::draw
