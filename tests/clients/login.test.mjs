// openid-client and oauth4webapi log a person in through the pages: code with PKCE, state, nonce, silent, logout.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { Browser } from './browser.mjs'
import { demo } from './demo.mjs'

async function discover(algorithm) {
  const { id, secret } = demo.application
  return openid.discovery(
    new URL(demo.issuer),
    id,
    algorithm && { id_token_signed_response_alg: algorithm },
    openid.ClientSecretPost(secret),
    { execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks] },
  )
}

test('openid-client: code with PKCE, then refresh, userinfo and logout', async () => {
  const config = await discover('EdDSA')
  const browser = new Browser()
  const logIn = async (more) => {
    const verifier = openid.randomPKCECodeVerifier()
    const [state, nonce] = [openid.randomState(), openid.randomNonce()]
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: demo.application.callback,
      scope: 'openid profile email offline_access',
      audience: demo.eddsaAudience,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...more,
    })
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 3600 }
    return openid.authorizationCodeGrant(config, await browser.visit(url), checks)
  }
  const tokens = await logIn({ max_age: '3600' })
  const { sub, sid } = tokens.claims()
  assert.equal((await openid.fetchUserInfo(config, tokens.access_token, sub)).email, demo.user.name)
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token)
  assert.equal(refreshed.claims().sub, sub)
  const silent = await logIn({ prompt: 'none', max_age: '3600' })
  assert.equal(silent.claims().sid, sid)

  const out = openid.buildEndSessionUrl(config, {
    id_token_hint: silent.id_token,
    post_logout_redirect_uri: demo.application.afterLogout,
    state: 'bye',
  })
  const back = await browser.visit(out)
  assert.equal(back.href, `${demo.application.afterLogout}?state=bye`)
  await assert.rejects(openid.refreshTokenGrant(config, refreshed.refresh_token), { error: 'invalid_grant' })
  await assert.rejects(logIn({ prompt: 'none', max_age: '3600' }), { error: 'login_required' })
})

test('oauth4webapi: a public client, with the issuer in the answer and a signature that is checked', async () => {
  const issuer = new URL(demo.issuer)
  const insecure = { [oauth.allowInsecureRequests]: true }
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
  const client = { client_id: demo.page.id, id_token_signed_response_alg: 'RS256' }
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: demo.page.callback,
    response_type: 'code',
    scope: 'openid email',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  const back = await new Browser().visit(url)
  const parameters = oauth.validateAuthResponse(as, client, back, state)
  const answer = await oauth.authorizationCodeGrantRequest(
    as, client, oauth.None(), parameters, demo.page.callback, verifier, insecure,
  )
  const result = await oauth.processAuthorizationCodeResponse(as, client, answer, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  await oauth.validateApplicationLevelSignature(as, answer, insecure)
  assert.equal(oauth.getValidatedIdTokenClaims(result).email, demo.user.name)

  const again = await oauth.authorizationCodeGrantRequest(
    as, client, oauth.None(), parameters, demo.page.callback, verifier, insecure,
  )
  await assert.rejects(oauth.processAuthorizationCodeResponse(as, client, again), { error: 'invalid_grant' })
})
