// openid-client and oauth4webapi ask in every way there is: pushed, signed, by way of the browser, and as clients that
// registered themselves. Over TLS, where an administrator makes the clients that this needs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManagementClient } from 'auth0'
import * as jose from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { Browser } from './browser.mjs'
import { tls } from './demo.mjs'

const issuer = new URL(`https://${tls.domain}/`)
const callback = 'https://app.test/callback'
const management = new ManagementClient({
  domain: tls.domain,
  clientId: tls.administrator.id,
  clientSecret: tls.administrator.secret,
})

async function madeClient(more) {
  const made = await management.clients.create({
    name: 'Asks in every way',
    app_type: 'regular_web',
    grant_types: ['authorization_code', 'implicit', 'refresh_token'],
    callbacks: [callback],
    jwt_configuration: { alg: 'RS256' },
    ...more,
  })
  return made.data ?? made
}

async function party(more = {}) {
  const client = await madeClient(more)
  const config = await openid.discovery(
    issuer,
    client.client_id,
    { id_token_signed_response_alg: 'RS256' },
    openid.ClientSecretPost(client.client_secret),
  )
  openid.enableNonRepudiationChecks(config)
  return { client, config }
}

async function request(more = {}) {
  const verifier = openid.randomPKCECodeVerifier()
  const [state, nonce] = [openid.randomState(), openid.randomNonce()]
  const parameters = {
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...more,
  }
  return { parameters, checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce } }
}

test('openid-client: a pushed request', async () => {
  const { config } = await party({ require_pushed_authorization_requests: true })
  const { parameters, checks } = await request()
  const url = await openid.buildAuthorizationUrlWithPAR(config, parameters)
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri'])
  const tokens = await openid.authorizationCodeGrant(config, await new Browser(issuer).visit(url), checks)
  assert.ok(tokens.claims().email)
})

test('openid-client: a signed request, linked and pushed', async () => {
  const { privateKey, publicKey } = await jose.generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await jose.exportJWK(publicKey)), kid: 'own', alg: 'ES256', use: 'sig' }
  // Auth0's API takes keys as credentials; here they are the client's JWK set.
  const made = await fetch(new URL('/api/v2/clients', issuer), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await administrator()}` },
    body: JSON.stringify({
      name: 'Signs', app_type: 'regular_web', grant_types: ['authorization_code'], callbacks: [callback],
      jwks: { keys: [jwk] }, signed_request_object: { required: true }, jwt_configuration: { alg: 'RS256' },
    }),
  })
  const client = await made.json()
  assert.equal(made.status, 201, JSON.stringify(client))
  const config = await openid.discovery(
    issuer, client.client_id, { id_token_signed_response_alg: 'RS256' }, openid.ClientSecretPost(client.client_secret),
  )
  for (const pushed of [false, true]) {
    const { parameters, checks } = await request()
    let url = await openid.buildAuthorizationUrlWithJAR(config, parameters, { key: privateKey, kid: 'own' })
    if (pushed) url = await openid.buildAuthorizationUrlWithPAR(config, url.searchParams)
    const tokens = await openid.authorizationCodeGrant(config, await new Browser(issuer).visit(url), checks)
    assert.ok(tokens.id_token, `pushed: ${pushed}`)
  }
})

async function administrator() {
  const answer = await fetch(new URL('/oauth/token', issuer), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials', client_id: tls.administrator.id, client_secret: tls.administrator.secret,
      audience: `${issuer}api/v2/`,
    }),
  })
  return (await answer.json()).access_token
}

test('openid-client: code and ID token by way of the browser, bound to each other', async () => {
  for (const detached of [false, true]) {
    const { config } = await party()
    openid.useCodeIdTokenResponseType(config)
    // A detached signature also wants s_hash: the state is bound, too.
    if (detached) openid.enableDetachedSignatureResponseChecks(config)
    const { parameters, checks } = await request()
    const back = await new Browser(issuer).visit(openid.buildAuthorizationUrl(config, parameters))
    assert.ok(back.hash.includes('id_token='), back.href)
    const tokens = await openid.authorizationCodeGrant(config, back, checks)
    assert.ok(tokens.access_token)
  }
})

test('openid-client: an ID token alone', async () => {
  const { config } = await party()
  openid.useIdTokenResponseType(config)
  const { parameters } = await request()
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: callback, scope: 'openid email', state: parameters.state, nonce: parameters.nonce,
  })
  const claims = await openid.implicitAuthentication(config, await new Browser(issuer).visit(url), parameters.nonce, {
    expectedState: parameters.state,
  })
  assert.ok(claims.email)
})

test('openid-client: a client that registers itself', async () => {
  const settings = await fetch(new URL('/api/v2/tenants/settings', issuer), {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await administrator()}` },
    body: JSON.stringify({ flags: { enable_dynamic_client_registration: true } }),
  })
  assert.equal(settings.status, 200, await settings.text())
  // The registration endpoint is in the discovery document as soon as this node has heard of the change.
  let config
  for (let tries = 0; !config; tries += 1) {
    try {
      config = await openid.dynamicClientRegistration(issuer, {
        redirect_uris: [callback], client_name: 'By itself', token_endpoint_auth_method: 'client_secret_post',
      })
    } catch (error) {
      if (tries === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const { parameters, checks } = await request({ prompt: 'consent' })
  const back = await new Browser(issuer).visit(openid.buildAuthorizationUrl(config, parameters))
  const tokens = await openid.authorizationCodeGrant(config, back, checks)
  assert.ok(tokens.claims().email)
})

test('oauth4webapi: a pushed request, and one that is refused', async () => {
  const { client_id, client_secret } = await madeClient({})
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))
  const client = { client_id, id_token_signed_response_alg: 'RS256' }
  const proof = oauth.ClientSecretPost(client_secret)
  const { parameters, checks } = await request({ response_type: 'code' })
  const push = async (more) => {
    const answer = await oauth.pushedAuthorizationRequest(as, client, proof, { ...parameters, ...more })
    return oauth.processPushedAuthorizationResponse(as, client, answer)
  }
  const { request_uri, expires_in } = await push({})
  assert.ok(expires_in > 0)
  await assert.rejects(push({ redirect_uri: 'https://evil.test/' }), { error: 'invalid_request' })
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams({ client_id, request_uri })
  const back = await new Browser(issuer).visit(url)
  const answered = oauth.validateAuthResponse(as, client, back, checks.expectedState)
  const answer = await oauth.authorizationCodeGrantRequest(
    as, client, proof, answered, callback, checks.pkceCodeVerifier,
  )
  const result = await oauth.processAuthorizationCodeResponse(as, client, answer, {
    expectedNonce: checks.expectedNonce, requireIdToken: true,
  })
  assert.ok(result.access_token)
})
