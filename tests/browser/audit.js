// What is wrong with the screen in front: too wide, too small to hit, too faint to read, without a name.
() => {
  const TOUCH = 44
  const CONTRAST = 4.5
  const wrong = []
  const name = (node) => {
    const id = node.closest('[data-testid]')?.getAttribute('data-testid') ?? ''
    return `${id || node.className || node.tagName} “${(node.innerText || node.value || '').trim().slice(0, 20)}”`
  }
  const shown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  const width = document.documentElement.clientWidth

  const scrolls = (node) => {
    for (let up = node.parentElement; up; up = up.parentElement) {
      if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(up).overflowX) && up.getBoundingClientRect().right <= width + 1 && up !== document.body && up !== document.documentElement) return true
    }
    return false
  }
  if (document.scrollingElement.scrollWidth > width) wrong.push(`scrolls sideways: ${document.scrollingElement.scrollWidth}`)
  for (const node of document.body.querySelectorAll('*')) {
    if (!shown(node)) continue
    const box = node.getBoundingClientRect()
    if (box.width && (box.right > width + 1 || box.left < -1) && !scrolls(node)) wrong.push(`beyond the edge: ${name(node)} to ${Math.round(box.right)}`)
  }

  const targets = document.querySelectorAll('[role=button], [role=tab], [role=switch], [role=radio], input, textarea, a')
  for (const node of targets) {
    if (!shown(node)) continue
    const box = (node.closest('uni-input, uni-textarea') ?? node).getBoundingClientRect()
    if (!box.width) continue
    if (Math.round(box.height) < TOUCH || Math.round(box.width) < TOUCH) {
      wrong.push(`too small to hit: ${name(node)} ${Math.round(box.width)} × ${Math.round(box.height)}`)
    }
    const named = node.closest('[aria-label]') || node.innerText?.trim()
    if (!named) wrong.push(`without a name: ${name(node)}`)
  }

  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number)
    return { r, g, b, a }
  }
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a),
    a: 1,
  })
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const ground = (node) => {
    const layers = []
    for (let up = node; up; up = up.parentElement) {
      const colour = parse(getComputedStyle(up).backgroundColor)
      if (colour.a) layers.push(colour)
      if (colour.a === 1) break
    }
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 })
  }
  const faded = (node) => {
    let share = 1
    for (let up = node; up; up = up.parentElement) share *= Number(getComputedStyle(up).opacity)
    return share
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const judged = new Set()
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement
    if (!texts.currentNode.textContent.trim() || judged.has(node) || !shown(node)) continue
    if (['SCRIPT', 'STYLE'].includes(node.tagName) || node.closest('[aria-disabled=true]')) continue
    judged.add(node)
    const under = ground(node)
    const colour = parse(getComputedStyle(node).color)
    const mixed = over({ ...colour, a: colour.a * faded(node) }, under)
    const [high, low] = [light(mixed), light(under)].sort((x, y) => y - x)
    const ratio = (high + 0.05) / (low + 0.05)
    if (ratio < CONTRAST) wrong.push(`too faint: ${name(node)} ${ratio.toFixed(2)}`)
  }
  return [...new Set(wrong)]
}
