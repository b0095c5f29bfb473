// The demo tenant as the tests see it; `demo.py` reads it from config/demo and `run` hands it over.
import { readFileSync } from 'node:fs'

export const demo = JSON.parse(readFileSync(process.env.JETON_DEMO_FACTS, 'utf8'))

/** The same program behind TLS, and who may manage its default tenant. */
export const tls = {
  domain: process.env.JETON_TLS_DOMAIN,
  administrator: { id: process.env.JETON_BOOTSTRAP_CLIENT_ID, secret: process.env.JETON_BOOTSTRAP_CLIENT_SECRET },
}

/** The address of an endpoint below the issuer. */
export function endpoint(path) {
  return new URL(path, demo.issuer)
}

/** Posts a form with plain `fetch` and returns the JSON of a 200. */
export async function post(url, form) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  const text = await response.text()
  if (response.status !== 200) {
    throw new Error(`${url} answered ${response.status}: ${text}`)
  }
  return JSON.parse(text)
}
