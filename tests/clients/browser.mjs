// A browser by hand: a cookie jar, redirects followed only within the server, the login form filled in, consent given.
import { demo } from './demo.mjs'

/** Goes to `url`, logs in when a page asks, and gives the URL at which the server sends the browser away. */
export class Browser {
  #cookies = new Map()
  #issuer

  constructor(issuer = demo.issuer) {
    this.#issuer = issuer
  }

  async visit(url) {
    let response = await this.#go(new URL(url))
    for (;;) {
      const location = response.headers.get('location')
      if (location) {
        const next = new URL(location, this.#issuer)
        if (next.origin !== new URL(this.#issuer).origin) return next
        response = await this.#go(next)
        continue
      }
      const page = await response.text()
      const state = /name="state" value="([^"]+)"/.exec(page)?.[1]
      if (response.status !== 200 || !state) throw new Error(`no form (${response.status}): ${page}`)
      const action = new URL(/<form[^>]* action="([^"]+)"/.exec(page)[1], this.#issuer)
      const form =
        action.pathname === '/u/consent'
          ? { state, answer: 'yes' }
          : { state, username: demo.user.name, password: demo.user.password }
      response = await this.#go(action, { method: 'POST', body: new URLSearchParams(form) })
    }
  }

  async #go(url, options = {}) {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { ...options, redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=')
      this.#cookies.set(name, value)
    }
    return response
  }
}
