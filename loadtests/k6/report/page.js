// The report as one HTML file: tables and plots, nothing fetched from anywhere.
import { escaped, lines, short } from './plots.js'

const STYLE = `
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; padding: 0 1rem }
body { color: #212529; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid #dee2e6; padding-top: 1rem }
table { border-collapse: collapse; margin: .6rem 0 }
td, th { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #e9ecef }
td:first-child, th:first-child { text-align: left } .failed { color: #c92a2a; font-weight: 600 } .passed { color: #2b8a3e }
.plots { display: flex; flex-wrap: wrap; gap: .5rem } .plots svg { width: 32rem; max-width: 100% }
svg text { font: 10px system-ui, sans-serif; fill: #495057 } svg .title { font-weight: 600; fill: #212529 }
svg .grid { stroke: #e9ecef }
details { margin: .4rem 0 } code { background: #f1f3f5; padding: 0 .2rem }`

/** One page of one scenario, or of a whole run with its tables and with what the machine told meanwhile. */
export function page({ title, machine, table: rows, comparison, scenarios }) {
  const head = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>`
  const tables = [rows, comparison]
    .filter((one) => one && one.length > 1)
    .map(([first, ...rest]) => table(first, rest.map(marked)))
  const parts = [`<h1>${escaped(title)}</h1>`, machine ? facts(machine) : '', ...tables, ...scenarios.map(section)]
  return `${head}<style>${STYLE}</style>${parts.join('')}</html>\n`
}

/** A row of the table that is Markdown, too. */
const marked = (cells) =>
  cells.map((text) => {
    const [plain, failed] = text.split(' **failed**')
    return failed === undefined ? text : failedIf(true, `${plain} failed`)
  })

const facts = (machine) =>
  table(['', ''], Object.entries(machine).map(([name, value]) => [name.replace(/_/g, ' '), value]))

const name = ({ target, scenario, engines, step }) =>
  [`${target}: ${scenario}`, engines > 1 && `${engines} engines`, step].filter(Boolean).join(', ')

function section(one) {
  const when = new Date(one.began).toISOString().replace('T', ' ').slice(0, 19)
  const asked = Object.entries(one.settings.asked || {}).map(([key, value]) => `${key}=${value}`)
  return (
    `<h2>${escaped(name(one))}</h2><p>${when} UTC, ${one.settings.duration_s} s, ${one.settings.model} model` +
    `${asked.length > 0 ? `, <code>${escaped(asked.join(' '))}</code>` : ''}</p>` +
    `${latencies(one)}${unsent(one)}<div class="plots">${plots(one).join('')}</div>${bounds(one)}${cost(one)}`
  )
}

const STATS = ['count', 'avg', 'med', 'p(75)', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max']

/** A kind that was asked and never answered well has a row, too: without latencies. */
function latencies({ kinds }) {
  const rows = Object.entries(kinds)
    .filter(([, { asked }]) => asked && asked.count > 0)
    .map(([kind, { latency, asked, wrong, refused }]) => [
      kind,
      ...STATS.map((stat) => (stat === 'count' ? latency.count : latency.count > 0 ? fixed(latency[stat]) : '–')),
      asked.count,
      refused.count,
      failedIf(wrong.rate > 0, `${fixed(100 * wrong.rate)} %`),
    ])
  return table(['latency in ms', 'answered', ...STATS.slice(1), 'asked', 'refused', 'wrong'], rows)
}

function unsent({ other }) {
  const { count } = other.dropped_iterations || { count: 0 }
  if (count === 0) return ''
  return `<p class="failed">${count} arrivals found no virtual user and were not sent (<code>dropped_iterations</code>)</p>`
}

function plots(one) {
  const over = (stat, title = '') =>
    Object.entries(one.slices.kinds).map(([kind, points]) => ({
      name: kind + title,
      points: points.map((point) => [point.at, point[stat]]),
    }))
  const latency = [...over('p50', ' p50'), ...over('p99', ' p99')]
  const found = [
    lines({ title: 'Answered', x: 'seconds', y: 'per second', series: over('rate') }),
    lines({ title: 'Latency over time', x: 'seconds', y: 'ms', series: latency, logY: true }),
    percentiles(one),
  ]
  return one.samples ? [...found, ...resources(one.samples)] : found
}

const PLACES = [
  ['med', 0.5, '50'],
  ['p(75)', 0.75, ''],
  ['p(90)', 0.9, '90'],
  ['p(95)', 0.95, ''],
  ['p(99)', 0.99, '99'],
  ['p(99.9)', 0.999, '99.9'],
]

/** How latency rises towards the last of a thousand: percentiles spread by their nines. */
function percentiles({ kinds }) {
  const spread = (share) => -Math.log10(1 - share)
  const series = Object.entries(kinds)
    .filter(([, { latency }]) => latency && latency.count > 0)
    .map(([kind, { latency }]) => ({ name: kind, points: PLACES.map(([stat, share]) => [spread(share), latency[stat]]) }))
    .slice(0, 6)
  const ticks = PLACES.filter(([, , label]) => label).map(([, share, label]) => [spread(share), label])
  return lines({ title: 'Latency by percentile', x: 'percentile', y: 'ms', series, logY: true, ticks })
}

/** What loadtests/observe.py saw of the processes. */
function resources({ at, processes }) {
  const of = (stat, wanted = () => true) =>
    Object.entries(processes)
      .filter(([process, stats]) => stats[stat] && wanted(process))
      .map(([process, stats]) => ({
        name: process.replace('redis-', ''),
        points: stats[stat].map((value, nth) => [at[nth], value]),
      }))
  const isRedis = (process) => process.startsWith('redis')
  const plot = (title, y, series) => lines({ title, x: 'seconds', y, series })
  return [
    plot('Processor of engines and load generator', '% of a core', of('cpu_percent', (process) => !isRedis(process))),
    plot('Processor of Redis nodes', '% of a core', of('cpu_percent', isRedis)),
    plot('Resident memory of engines', 'MiB', of('resident_mib', (process) => process.startsWith('engine'))),
    plot('Redis: memory in use', 'MiB', of('used_mib', isRedis)),
  ]
}

function bounds({ thresholds }) {
  const rows = thresholds.map(({ metric, bound, ok, value }) => [
    raw(`<code>${escaped(metric)}</code>`),
    raw(`<code>${escaped(bound)}</code>`),
    value === undefined ? '' : short(value),
    raw(`<span class="${ok ? 'passed">holds' : 'failed">FAILED'}</span>`),
  ])
  const open = thresholds.some(({ ok }) => !ok) ? ' open' : ''
  return `<details${open}><summary>thresholds</summary>${table(['metric', 'bound', 'value', ''], rows)}</details>`
}

function cost(one) {
  if (!one.cost) return ''
  const rows = Object.entries(one.cost).map(([what, value]) => [what.replace(/_/g, ' '), short(value)])
  return `<details open><summary>cost</summary>${table(['', ''], rows)}</details>`
}

const fixed = (value, digits = 2) => (typeof value === 'number' ? value.toFixed(digits) : '')

const failedIf = (failed, text) => (failed ? raw(`<span class="failed">${escaped(text)}</span>`) : text)

/** Markup that is not to be escaped. */
const raw = (html) => ({ html })

const markup = (value) => (value && value.html !== undefined ? value.html : escaped(value ?? ''))

const line = (tag, cells) => `<tr>${cells.map((value) => `<${tag}>${markup(value)}</${tag}>`).join('')}</tr>`

function table(head, rows) {
  const top = head.some(Boolean) ? line('th', head) : ''
  return `<table>${top}${rows.map((cells) => line('td', cells)).join('')}</table>`
}
