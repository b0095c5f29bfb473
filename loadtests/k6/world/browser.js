// A person at the pages: /authorize, the login form with its hidden `state`, the code, the tokens.
import http from 'k6/http'
import { randomBytes, sha256 } from 'k6/crypto'
import encoding from 'k6/encoding'
import { note } from './measures.js'
import { email } from './people.js'
import { settings } from './settings.js'
import { address, ask, base } from './token_endpoint.js'

const query = (fields) =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

const parameter = (url, name) => {
  const found = new RegExp(`[?&]${name}=([^&#]*)`).exec(url)
  return found ? decodeURIComponent(found[1]) : undefined
}

/** One person's browser: cookies of its own, redirects followed only within the server. */
export class Browser {
  constructor(user) {
    this.user = user
    this.at = base()
    this.jar = new http.CookieJar()
  }

  /** Logs in through the pages and redeems the code; the answer of the token endpoint, or undefined. */
  logIn() {
    const verifier = encoding.b64encode(randomBytes(32), 'rawurl')
    const state = encoding.b64encode(randomBytes(12), 'rawurl')
    const response = this.authorize(verifier, state)
    const back = response && this.fill(response)
    const code = back && parameter(back, 'state') === state && parameter(back, 'code')
    if (!code) {
      note('code', 'wrong', 0)
      return undefined
    }
    const fields = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: settings.callback,
    }
    return ask('code', settings.application, fields, { user: this.user, at: this.at })
  }

  authorize(verifier, state) {
    const fields = {
      response_type: 'code',
      client_id: settings.application.id,
      redirect_uri: settings.callback,
      scope: settings.scope,
      audience: settings.audience,
      state,
      code_challenge: sha256(verifier, 'base64rawurl'),
      code_challenge_method: 'S256',
    }
    return this.visit('GET', `${this.at}/authorize?${query(fields)}`)
  }

  /** Follows redirects and fills in the form until the server sends the browser to the application. */
  fill(response) {
    for (let step = 0; step < 8; step++) {
      const location = response.headers.Location
      if (location) {
        if (location.startsWith(settings.callback)) return location
        response = this.visit('GET', this.absolute(location))
      } else {
        const state = /name="state" value="([^"]+)"/.exec(response.body || '')
        const action = /<form[^>]* action="([^"]+)"/.exec(response.body || '')
        if (response.status !== 200 || !state || !action) return undefined
        const form = { state: state[1], username: email(this.user), password: settings.password }
        response = this.visit('POST', this.absolute(action[1]), form, 'login')
      }
    }
    return undefined
  }

  /** The server's own address in a redirect is the issuer's; the browser stays with its engine. */
  absolute(location) {
    return this.at + location.replace(/^https?:\/\/[^/]+/, '')
  }

  visit(method, url, form, kind = 'page') {
    const params = {
      jar: this.jar,
      redirects: 0,
      headers: { 'X-Forwarded-For': address(this.user) },
      tags: { name: kind },
      responseType: 'text',
      timeout: `${settings.timeout}s`,
    }
    const response = http.request(method, url, form || null, params)
    const ok = response.status === 200 || response.status === 302 || response.status === 303
    const refused = response.status === 503 || response.status === 429
    note(kind, ok ? 'ok' : refused ? 'refused' : 'wrong', response.timings.duration)
    if (!ok && __ENV.VERBOSE) console.warn(`${kind}: ${response.status} ${method} ${url}`)
    return response
  }
}
