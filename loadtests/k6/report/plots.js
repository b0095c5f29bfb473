// Plots as SVG, written by hand: no library, nothing to load, readable in print.
const WIDTH = 460
const HEIGHT = 210
const MARGIN = { left: 56, right: 10, top: 26, bottom: 38 }
// As many as the Redis nodes of a failover: three primaries with two replicas each.
const COLOURS = ['#0b5fff', '#d9480f', '#2b8a3e', '#862e9c', '#c2255c', '#5c940d', '#0c8599', '#f59f00', '#495057']

const text = (value) => String(value).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)

export const escaped = text

/** 1234567 → 1.23M; 0.0123 → 0.0123. */
export function short(value) {
  const size = Math.abs(value)
  if (size >= 1e9) return `${trimmed(value / 1e9)}G`
  if (size >= 1e6) return `${trimmed(value / 1e6)}M`
  if (size >= 1e4) return `${trimmed(value / 1e3)}k`
  return trimmed(value)
}

const trimmed = (value) => String(Number(value.toPrecision(3)))

/**
 * Lines over numbers: `series` is `[{ name, points: [[x, y], …] }]`, null being a gap. `logX` and `logY` spread by factors of ten;
 * `ticks` are `[x, label]` where numbers would not say enough.
 */
export function lines({ title, x, y, series, logY = false, ticks }) {
  const drawn = series.filter(({ points }) => points.some(isKnown))
  if (drawn.length === 0) return ''
  const all = drawn.flatMap(({ points }) => points).filter(isKnown)
  const across = scale(extent(all.map(([at]) => at)), [MARGIN.left, WIDTH - MARGIN.right], false)
  const high = extent(all.map(([, value]) => value))
  const range = logY ? [Math.max(1e-3, high[0]), high[1] * 1.1] : [0, high[1] * 1.05 || 1]
  const up = scale(range, [HEIGHT - MARGIN.bottom, MARGIN.top], logY)
  const [names, rows] = legend(drawn)
  const parts = [
    `<text x="${MARGIN.left}" y="14" class="title">${text(title)}, ${text(y)}</text>`,
    `<text x="${WIDTH - MARGIN.right}" y="14" text-anchor="end">${text(x)}</text>`,
    grid(range, up, logY),
    bottom(across, ticks || steps(extent(all.map(([at]) => at))).map((at) => [at, short(at)])),
    ...drawn.map(({ points }, nth) => line(points, across, up, COLOURS[nth % COLOURS.length])),
    names,
  ]
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 14 * (rows - 1)}" role="img" aria-label="${text(title)}">${parts.join('')}</svg>`
}

const isKnown = ([, value]) => value !== null && value !== undefined

const extent = (numbers) => [Math.min(...numbers), Math.max(...numbers)]

function scale([least, most], [from, to], log) {
  const bent = log ? Math.log10 : (value) => value
  const span = bent(most) - bent(least) || 1
  return (value) => from + ((bent(log ? Math.max(value, least) : value) - bent(least)) / span) * (to - from)
}

/** Four or five round numbers between two. */
function steps([least, most]) {
  const raw = (most - least || 1) / 4
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw)
  const found = []
  for (let at = Math.ceil(least / step) * step; at <= most * 1.0001; at += step) found.push(at)
  return found
}

function decades([least, most]) {
  const found = []
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most; power++) {
    for (const factor of [1, 2, 5]) found.push(factor * 10 ** power)
  }
  return found.filter((value) => value >= least && value <= most)
}

function grid(range, up, log) {
  const values = log ? decades(range) : steps(range)
  return values
    .map((value) => {
      const y = up(value).toFixed(1)
      return (
        `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}" class="grid"/>` +
        `<text x="${MARGIN.left - 6}" y="${Number(y) + 3}" text-anchor="end">${short(value)}</text>`
      )
    })
    .join('')
}

const bottom = (across, ticks) =>
  ticks
    .map(([at, label]) => [across(at).toFixed(1), text(label)])
    .map(([x, label]) => `<text x="${x}" y="${HEIGHT - 22}" text-anchor="middle">${label}</text>`)
    .join('')

/** As many lines as there are stretches without a gap; a point on its own is a dot. */
function line(points, across, up, colour) {
  const stretches = [[]]
  for (const point of points) {
    if (!isKnown(point)) stretches.push([])
    else stretches[stretches.length - 1].push([across(point[0]).toFixed(1), up(point[1]).toFixed(1)])
  }
  const drawn = stretches.map((stretch) =>
    stretch.length > 1
      ? `<polyline points="${stretch.map((at) => at.join(',')).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.6"/>`
      : stretch.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="2" fill="${colour}"/>`).join(''),
  )
  return drawn.join('')
}

/** Names with their colours, and how many rows they took. */
function legend(series) {
  let [x, y] = [MARGIN.left, HEIGHT - 4]
  const names = series.map(({ name }, nth) => {
    const width = 24 + 5.6 * name.length
    if (x + width > WIDTH && x > MARGIN.left) [x, y] = [MARGIN.left, y + 14]
    const colour = COLOURS[nth % COLOURS.length]
    const mark = `<rect x="${x}" y="${y - 8}" width="9" height="9" fill="${colour}"/><text x="${x + 12}" y="${y}">${text(name)}</text>`
    x += width
    return mark
  })
  return [names.join(''), 1 + (y - HEIGHT + 4) / 14]
}
