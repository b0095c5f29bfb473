// Every page there is, and the way to it as a person goes it: by links, fields and buttons.
import { request } from 'node:http'
import { app } from './chromium.mjs'
import { demo } from './demo.mjs'
import { link } from './post.mjs'

const PASSWORD = 'Battery-Staple-9'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

/** The address of a tenant of tenants.json. */
export function issuer(tenant) {
  const url = new URL(demo.issuer)
  url.hostname = `${tenant}.localhost`
  return url.href
}

/** An authorization request of an application of tenants.json. */
export function authorize(client, more = {}, tenant = 'harbour') {
  const url = new URL('authorize', issuer(tenant))
  const usual = { client_id: client, redirect_uri: app, response_type: 'code', scope: 'openid profile email' }
  const proof = { code_challenge: CHALLENGE, code_challenge_method: 'S256', state: 'st', nonce: 'no' }
  url.search = new URLSearchParams({ ...usual, ...proof, ...more })
  return url.href
}

/** Fills the login page in and sends it. */
export async function logIn(page, name = 'ada@harbour.example', password = PASSWORD) {
  await page.fill('#username', name)
  await page.fill('#password', password)
  await page.click('main button[type=submit]')
}

const orders = { audience: 'https://orders.harbour.example/', scope: 'openid profile email read:orders write:orders' }
const longest = `${'long.address.'.repeat(4)}of@${'a-very-long-domain-name.'.repeat(7)}example`

async function reset(page) {
  await page.goto(authorize('portal'))
  await page.click('a[href^="/u/forgot"]')
  const since = Date.now() - 50
  await page.fill('#email', 'forgetful@harbour.example')
  await page.click('main button[type=submit]')
  await page.goto(await link('forgetful@harbour.example', since))
}

async function account(page) {
  await page.goto(new URL('u/account', issuer('harbour')).href)
  await logIn(page)
}

/** Signs up where an address must be proved first; gives it, and when. */
async function signUp(page) {
  const address = `new-${Math.random().toString(36).slice(2)}@studio.example`
  await page.goto(authorize('portal', { screen_hint: 'signup' }, 'studio'))
  const since = Date.now() - 50
  await page.fill('#email', address)
  await page.fill('#password', PASSWORD)
  await page.click('main button[type=submit]')
  return { address, since }
}

/** Asks for a link by mail, as an application's own page does. */
function askForLink(address) {
  const url = new URL('passwordless/start', issuer('vault'))
  const proof = { code_challenge: CHALLENGE, code_challenge_method: 'S256', state: 'st', nonce: 'no' }
  const authParams = { redirect_uri: app, response_type: 'code', scope: 'openid', ...proof }
  const body = JSON.stringify({ client_id: 'portal', connection: 'email', email: address, send: 'link', authParams })
  const headers = { host: url.host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((done, failed) => {
    const asking = request({ host: 'localhost', port: url.port, path: url.pathname, method: 'POST', headers })
    asking.on('response', (answer) => {
      answer.resume()
      if (answer.statusCode === 200) done()
      else failed(new Error(`/passwordless/start was answered ${answer.statusCode}`))
    })
    asking.on('error', failed).end(body)
  })
}

/** Name, and what leads there; each begins in a browser that knows nobody. */
export const pages = {
  login: (page) => page.goto(authorize('portal')),
  'login-wrong': async (page) => {
    await page.goto(authorize('portal'))
    await logIn(page, 'ada@harbour.example', 'not the password')
  },
  'login-long-names': async (page) => {
    await page.goto(authorize('endless', { login_hint: longest, ui_locales: 'de' }))
    await logIn(page, longest, 'not the password')
  },
  'login-organization': (page) => page.goto(authorize('portal', { organization: 'northwind' })),
  'login-branded': (page) => page.goto(authorize('portal', { ui_locales: 'it' }, 'studio')),
  signup: (page) => page.goto(authorize('portal', { screen_hint: 'signup' })),
  'signup-refused': async (page) => {
    await page.goto(authorize('portal', { screen_hint: 'signup' }))
    await page.fill('#email', 'new@harbour.example')
    await page.fill('#password', 'short')
    await page.click('main button[type=submit]')
  },
  forgot: async (page) => {
    await page.goto(authorize('portal'))
    await page.click('a[href^="/u/forgot"]')
  },
  'forgot-sent': async (page) => {
    await page.goto(authorize('portal'))
    await page.click('a[href^="/u/forgot"]')
    await page.fill('#email', 'nobody@harbour.example')
    await page.click('main button[type=submit]')
  },
  reset,
  'reset-refused': async (page) => {
    await reset(page)
    await page.fill('#password', 'short')
    await page.click('main button[type=submit]')
  },
  'reset-done': async (page) => {
    await reset(page)
    await page.fill('#password', `Battery-Staple-${Math.random()}`)
    await page.click('main button[type=submit]')
  },
  verified: async (page) => {
    const address = `new-${Math.random().toString(36).slice(2)}@harbour.example`
    await page.goto(authorize('portal', { screen_hint: 'signup' }))
    const since = Date.now() - 50
    await page.fill('#email', address)
    await page.fill('#password', PASSWORD)
    await page.click('main button[type=submit]')
    await page.waitForURL(`${app}**`)
    await page.goto(await link(address, since))
  },
  consent: async (page) => {
    await page.goto(authorize('partner', orders))
    await logIn(page)
  },
  organization: async (page) => {
    await page.goto(authorize('depot'))
    await logIn(page)
  },
  logout: async (page) => {
    await page.goto(authorize('portal'))
    await logIn(page)
    await page.goto(new URL('oidc/logout', issuer('harbour')).href)
  },
  'logged-out': async (page) => {
    await page.goto(authorize('portal'))
    await logIn(page)
    await page.goto(new URL('oidc/logout', issuer('harbour')).href)
    await page.click('main button[type=submit]')
  },
  account,
  'account-refused': async (page) => {
    await account(page)
    await page.fill('#current', 'not the password')
    await page.fill('#password', `Battery-Staple-${Math.random()}`)
    await page.click('main button[value=password]')
  },
  'signup-sent': async (page) => {
    await signUp(page)
  },
  welcome: async (page) => {
    const { address, since } = await signUp(page)
    await page.goto(await link(address, since))
  },
  'magic-link': async (page) => {
    const address = `new-${Math.random().toString(36).slice(2)}@vault.example`
    const since = Date.now() - 50
    await askForLink(address)
    await page.goto(await link(address, since))
  },
  unblock: async (page) => {
    const address = `new-${Math.random().toString(36).slice(2)}@vault.example`
    let since = Date.now() - 50
    await page.goto(authorize('portal', { screen_hint: 'signup' }, 'vault'))
    await page.fill('#email', address)
    await page.fill('#password', PASSWORD)
    await page.click('main button[type=submit]')
    await page.waitForURL(`${app}**`)
    await link(address, since)
    since = Date.now()
    await page.goto(authorize('portal', { prompt: 'login' }, 'vault'))
    await logIn(page, address, 'not the password')
    await page.goto(await link(address, since))
  },
  error: (page) => page.goto(authorize('portal', { redirect_uri: 'https://elsewhere.example/' })),
}
