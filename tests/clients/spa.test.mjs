// @auth0/auth0-spa-js in headless Chromium: login on our page, silent renewal, another organization, logout, and back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { app, complaints, open } from './chromium.mjs'
import { issuer, logIn } from './gallery.mjs'

const SCOPE = 'openid profile email offline_access read:orders'
const NORTHWIND = 'org_northwind'

let world
before(async () => { world = await open() })
after(() => world.close())

/** The application in a page, with a client of the SDK in it. */
class Application {
  #settings

  constructor(page, settings) {
    this.page = page
    this.#settings = {
      domain: issuer('harbour').slice(0, -1),
      clientId: 'portal',
      authorizeTimeoutInSeconds: 10,
      ...settings,
      authorizationParams: {
        redirect_uri: app,
        audience: 'https://orders.harbour.example/',
        scope: SCOPE,
        ...settings.authorizationParams,
      },
    }
  }

  async start(address = app) {
    if (address) await this.page.goto(address)
    await this.page.waitForFunction(() => window.createAuth0Client)
    const create = async (settings) => { window.client = await window.createAuth0Client(settings) }
    await this.page.evaluate(create, this.#settings)
  }

  /** Calls a method of the SDK; an error is thrown here by its OAuth code. */
  async call(method, options) {
    const run = async ([name, given]) => {
      try {
        return { value: await window.client[name](given) }
      } catch (error) {
        return { code: error.error ?? error.name, message: error.message }
      }
    }
    const { value, code, message } = await this.page.evaluate(run, [method, options])
    if (code) throw Object.assign(new Error(`${code}: ${message}`), { code })
    return value
  }

  /** Leaves for the login; `atThePage` does what a person does there. */
  async logIn(atThePage, authorizationParams = {}) {
    const leave = (params) => { window.client.loginWithRedirect({ authorizationParams: params }) }
    await this.page.evaluate(leave, authorizationParams)
    if (atThePage) {
      await this.page.waitForURL('**/u/login?**')
      await atThePage(this.page)
    }
    await this.page.waitForURL(`${app}?code=**`)
    await this.start(null)
    await this.call('handleRedirectCallback')
    return this.call('getIdTokenClaims')
  }

  async logOut() {
    const leave = (returnTo) => { window.client.logout({ logoutParams: { returnTo } }) }
    await Promise.all([this.page.waitForEvent('framenavigated'), this.page.evaluate(leave, app)])
    await this.page.waitForURL(app)
    await this.start(null)
  }

  renew(authorizationParams = {}) {
    return this.call('getTokenSilently', { cacheMode: 'off', detailedResponse: true, authorizationParams })
  }
}

async function inTheApplication(settings, work) {
  const context = await world.browser.newContext({ locale: 'en-GB' })
  context.setDefaultTimeout(15_000)
  try {
    const page = await context.newPage()
    const heard = complaints(page)
    const application = new Application(page, settings)
    await application.start()
    await work(application, context)
    const refused = 'Failed to load resource'
    assert.deepEqual(heard.filter((text) => !text.startsWith(refused)), [], 'the console')
  } finally {
    await context.close()
  }
}

for (const cacheLocation of ['memory', 'localstorage']) {
  test(`refresh tokens, ${cacheLocation}: login, renewal, organization, logout, and back`, () =>
    inTheApplication({ useRefreshTokens: true, cacheLocation }, async (application) => {
      const claims = await application.logIn(logIn)
      assert.equal(claims.email, 'ada@harbour.example')
      assert.equal(claims.org_id, undefined)
      assert.equal((await application.call('getUser')).name, 'Ada Lovelace')

      const first = await application.renew()
      const second = await application.renew()
      assert.notEqual(first.access_token, second.access_token)
      assert.equal(second.scope, SCOPE)

      const inside = await application.renew({ organization: NORTHWIND })
      assert.equal(payload(inside.id_token).org_id, NORTHWIND)
      assert.equal(payload((await application.renew()).id_token).org_id, undefined, 'that was for one answer only')

      const switched = await application.logIn(null, { organization: NORTHWIND })
      assert.equal(switched.org_id, NORTHWIND)
      assert.equal(switched.sid, claims.sid, 'no second login')
      await assert.rejects(application.renew({ organization: 'org_nowhere' }), { code: 'invalid_request' })

      await application.logOut()
      assert.equal(await application.call('isAuthenticated'), false)
      await assert.rejects(application.renew(), ({ code }) => ['login_required', 'missing_refresh_token'].includes(code))
      const again = await application.logIn(logIn)
      assert.notEqual(again.sid, claims.sid)
    }))
}

test('no refresh tokens: renewal in a hidden frame', () =>
  inTheApplication({ useRefreshTokens: false, cacheLocation: 'memory' }, async (application) => {
    const claims = await application.logIn(logIn)
    await application.start()
    assert.equal(await application.call('isAuthenticated'), true, 'a reload finds the session again')
    const renewed = await application.renew()
    assert.equal(payload(renewed.id_token).sid, claims.sid)
    const inside = await application.renew({ organization: NORTHWIND })
    assert.equal(payload(inside.id_token).org_id, NORTHWIND)
    await application.logOut()
    await assert.rejects(application.renew(), { code: 'login_required' })
  }))

function payload(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
}
