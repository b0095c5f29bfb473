// Everything once a second or so: does each road lead where it should? Not a measurement.
import exec from 'k6/execution'
import http from 'k6/http'
import { check } from 'k6'
import { Browser } from './world/browser.js'
import { own } from './world/chains.js'
import { draw, measured, prepared } from './world/measures.js'
import { foreign, home, logIn } from './world/people.js'
import { or, rate, settings, vus } from './world/settings.js'
import { bounds, options as run, steady } from './world/shapes.js'
import { ask, base, clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const kinds = ['client_credentials', 'password', 'refresh', 'repeat', 'switch', 'foreign', 'code', 'introspect', 'dead']
draw('client_credentials', 'refresh')

export const options = run(
  { tour: steady('tour', rate(2), vus(4)) },
  Object.assign({ checks: ['rate==1'], logged_out: ['count==0'] }, ...kinds.map((kind) => bounds(kind, or('P99_MS', 5000), 0))),
)

export const setup = prepared(() => {
  const { status } = http.get(`${base()}/.well-known/openid-configuration`)
  if (status !== 200) throw new Error(`discovery was answered ${status}`)
})

const form = (token) => ({ grant_type: 'refresh_token', refresh_token: token })
const isDead = (answer) => answer.isDead
const isForbidden = (answer) => answer.status === 400 || answer.status === 403

export const tour = measured(() => {
  const person = exec.scenario.iterationInTest
  clientCredentials()
  const login = logIn(person)
  const tokens = new Browser(person + 1).logIn()
  check(tokens, { 'the pages lead to tokens': (answer) => Boolean(answer && answer.json.id_token) })
  sessions(own())
  tokensOf(login)
})

/** A chain: refreshed, repeated, refused an organization, switched to another. */
function sessions(chain) {
  const before = chain.token
  const first = chain.refresh()
  const again = ask('repeat', chain.client, form(before))
  check(again, { 'a repeat gets the same successor': (it) => it.json.refresh_token === first.json.refresh_token })
  chain.refresh('foreign', { organization: foreign.id }, { expected: isForbidden })
  chain.refresh('switch', { organization: home(chain.user).name })
}

/** Tokens: alive, revoked, dead. */
function tokensOf(login) {
  const { application } = settings
  const token = login.json.refresh_token
  const asked = { path: '/oauth/introspect', expected: (answer) => answer.json.active === true }
  ask('introspect', application, { token: login.json.access_token }, asked)
  ask('revoke', application, { token }, { path: '/oauth/revoke', expected: (answer) => answer.status === 200 })
  ask('dead', application, form(token), { expected: isDead })
}

export const handleSummary = summary('smoke')
