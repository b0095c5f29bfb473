// What a run is told by its environment; loadtests/README.md lists every variable.
import { sha256 } from 'k6/crypto'

const text = (name, fallback) => (__ENV[name] === undefined || __ENV[name] === '' ? fallback : __ENV[name])

function number(name, fallback) {
  const value = Number(text(name, fallback))
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name}: expected a number, not ${__ENV[name]}`)
  return value
}

/** One of `values`, the first if nothing is said: what is misspelt must not run as something else. */
export function choice(name, values) {
  const value = text(name, values[0])
  if (!values.includes(value)) throw new Error(`${name}: expected one of ${values.join(', ')}, not ${value}`)
  return value
}

/** `90`, `90s`, `5m` or `2h`, in seconds. */
export function seconds(name, fallback) {
  const found = span(text(name, String(fallback)))
  if (found === undefined) throw new Error(`${name}: expected a duration such as 30s, 5m or 2h, not ${__ENV[name]}`)
  return found
}

/** The seconds that such a text stands for. */
export function span(text) {
  const found = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text)
  return found ? Number(found[1]) * { s: 1, m: 60, h: 3600 }[found[2] || 's'] : undefined
}

/** The secret that loadtests/tenant.py gives to a client: looks generated, and needs no list. */
const secretOf = (id) => sha256(`load test secret of ${id}`, 'hex')

function client(prefix, fallback) {
  const id = text(`${prefix}_ID`, fallback)
  return { id, secret: text(`${prefix}_SECRET`, secretOf(id)) }
}

export const settings = {
  // Where to ask: several engines, separated by commas, are asked in turn.
  bases: text('BASE_URL', 'http://localhost:8080').split(',').map((base) => base.replace(/\/+$/, '')),
  tokenPath: text('TOKEN_PATH', '/oauth/token'),
  body: choice('BODY', ['form', 'json']),
  clientAuth: choice('CLIENT_AUTH', ['post', 'basic']),
  extra: text('EXTRA', ''),

  // Whose name to ask in.
  machine: client('MACHINE', 'load-machine'),
  application: client('CLIENT', 'load-web'),
  patient: client('PATIENT', 'load-patient'),
  callback: text('CALLBACK', 'http://localhost:3000/callback'),
  audience: text('AUDIENCE', 'https://api.load.example/'),
  scope: text('SCOPE', 'openid profile email offline_access'),
  neighbour: text('NEIGHBOUR', 'load-0002'),
  users: number('USERS', 1000),
  organizations: number('ORGANIZATIONS', 10),
  password: text('PASSWORD', 'load-test-password'),
  tokens: text('TOKENS', ''),

  // How much of it.
  model: choice('MODEL', ['open', 'closed']),
  duration: seconds('DURATION', 30),
  // Comes before the duration, under the same load, and is not measured.
  warmup: seconds('WARMUP', 0),
  timeout: seconds('TIMEOUT', 10),
  maxVus: text('MAX_VUS', ''),
  operations: text('OPERATIONS_URL', ''),

  // What comes out.
  report: text('REPORT', ''),
  title: text('TITLE', 'jeton'),
}

/** A scenario's own default for a number that the environment may set. */
export const or = number

/** The rate in requests (or iterations) per second, and how many virtual users may carry it. */
export const rate = (fallback) => number('RATE', fallback)
export const vus = (fallback) => number('VUS', fallback)
