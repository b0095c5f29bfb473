// Asks a token endpoint: this server's or another's, by the style that the settings name.
import encoding from 'k6/encoding'
import exec from 'k6/execution'
import http from 'k6/http'
import { note } from './measures.js'
import { settings } from './settings.js'

/** What came back, in the words that scenarios decide by. */
class Answer {
  constructor(response) {
    this.status = response.status
    this.ms = response.timings.duration
    this.retryAfter = Number(response.headers['Retry-After']) || 0
    this.text = response.body
  }

  get json() {
    if (this.parsed === undefined) {
      try {
        this.parsed = JSON.parse(this.text)
      } catch {
        this.parsed = {}
      }
    }
    return this.parsed
  }

  get isOk() {
    return this.status === 200 && Boolean(this.json.access_token)
  }

  /** Told to come back, or not told anything at all: a wise client tries again. */
  get isRefused() {
    return this.status === 503 || this.status === 429
  }

  get isLost() {
    return this.status === 0
  }

  get isDead() {
    return (this.status === 400 || this.status === 403) && this.json.error === 'invalid_grant'
  }
}

/** The engine that this iteration asks; with several, each in turn. */
export function base() {
  const { bases } = settings
  if (bases.length === 1) return bases[0]
  return bases[turn() % bases.length]
}

function turn() {
  try {
    return exec.scenario.iterationInTest
  } catch {
    return 0 // setup belongs to no scenario
  }
}

/**
 * The request of `fields` in the name of `client`, for `http.request` or `http.batch`.
 * `tenant` asks another tenant than the host's own; `user` is the number of the person behind the request, whose
 * address is told to a server that trusts its proxy.
 */
export function request(client, fields, { tenant, user, path = settings.tokenPath, at = base() } = {}) {
  const body = { ...fields }
  const headers = {}
  if (settings.clientAuth === 'basic') {
    const pair = `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`
    headers.Authorization = `Basic ${encoding.b64encode(pair)}`
  } else {
    body.client_id = client.id
    body.client_secret = client.secret
  }
  if (tenant) headers.Host = `${tenant}.localhost:${at.split(':').pop()}`
  if (user !== undefined) headers['X-Forwarded-For'] = address(user)
  headers['Content-Type'] =
    settings.body === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'
  const params = { headers, tags: { name: path }, responseType: 'text', timeout: `${settings.timeout}s` }
  return { method: 'POST', url: at + path, body: written(body), params }
}

/** The address of the person of that number, in 10.0.0.0/8. */
export const address = (user) => `10.${(user >> 16) & 255}.${(user >> 8) & 255}.${user & 255}`

function written(fields) {
  const extra = settings.extra.split('&').filter(Boolean).map((pair) => pair.split('='))
  const all = [...Object.entries(fields), ...extra].filter(([, value]) => value !== undefined && value !== '')
  if (settings.body === 'json') return JSON.stringify(Object.fromEntries(all))
  return all.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
}

/**
 * Asks, and counts the answer under `kind`. `expected` says of an answer whether it is the one that was wanted;
 * what is not, and no plea to come back either, counts as wrong.
 */
export function ask(kind, client, fields, options = {}) {
  const { method, url, body, params } = request(client, fields, options)
  return judged(kind, http.request(method, url, body, params), options)
}

/** Asks all at once, as many callers would. */
export function askTogether(kind, requests, options = {}) {
  return http.batch(requests).map((response) => judged(kind, response, options))
}

function judged(kind, response, { expected = (answer) => answer.isOk, tags } = {}) {
  const answer = new Answer(response)
  const outcome = expected(answer) ? 'ok' : answer.isRefused ? 'refused' : 'wrong'
  note(kind, outcome, answer.ms, tags)
  if (outcome === 'wrong' && __ENV.VERBOSE) console.warn(`${kind}: ${answer.status} ${answer.text}`)
  return answer
}

/** A token in a machine's own name. */
export function clientCredentials(options = {}) {
  const { kind = 'client_credentials', client = settings.machine } = options
  const scope = __ENV.MACHINE_SCOPE
  return ask(kind, client, { grant_type: 'client_credentials', audience: settings.audience, scope }, options)
}
