// oauth4webapi, step by step: discovery, client credentials, refresh, introspection, revocation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { demo } from './demo.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(demo.issuer)
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
const metadata = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
)

function party({ id, secret, method }) {
  const proof =
    method === 'client_secret_basic' ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret)
  return [server, { client_id: id }, proof]
}

async function login() {
  const [as, client, proof] = party(demo.application)
  const parameters = {
    username: demo.user.name,
    password: demo.user.password,
    audience: demo.eddsaAudience,
    scope: 'openid offline_access',
  }
  const answer = await oauth.genericTokenEndpointRequest(as, client, proof, 'password', parameters, insecure)
  return oauth.processGenericTokenEndpointResponse(as, client, answer)
}

async function refresh(token) {
  const [as, client, proof] = party(demo.application)
  const answer = await oauth.refreshTokenGrantRequest(as, client, proof, token, insecure)
  return oauth.processRefreshTokenResponse(as, client, answer)
}

async function introspect(token) {
  const [as, client, proof] = party(demo.application)
  const answer = await oauth.introspectionRequest(as, client, proof, token, insecure)
  return oauth.processIntrospectionResponse(as, client, answer)
}

test('both discovery documents name the same endpoints', () => {
  for (const name of ['issuer', 'token_endpoint', 'jwks_uri', 'introspection_endpoint', 'revocation_endpoint']) {
    assert.equal(server[name], metadata[name], name)
    assert.ok(server[name], name)
  }
})

test('client credentials give an access token that the library validates', async () => {
  const [as, client, proof] = party(demo.machine)
  const parameters = { audience: demo.eddsaAudience }
  const answer = await oauth.clientCredentialsGrantRequest(as, client, proof, parameters, insecure)
  const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, answer)
  const request = new Request('http://api.example/', { headers: { authorization: `Bearer ${token}` } })
  const claims = await oauth.validateJwtAccessToken(as, request, demo.eddsaAudience, insecure)
  assert.equal(claims.client_id, demo.machine.id)
})

test('refresh', async () => {
  const first = await login()
  const second = await refresh(first.refresh_token)
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.ok(second.access_token)
})

test('a retry of a refresh gets the same successor', async () => {
  const { refresh_token: token } = await login()
  const answers = await Promise.all([refresh(token), refresh(token), refresh(token)])
  assert.equal(new Set(answers.map((answer) => answer.refresh_token)).size, 1)
})

test('introspection says active until revocation, which ends the whole family', async () => {
  const first = await login()
  assert.equal((await introspect(first.refresh_token)).active, true)
  const second = await refresh(first.refresh_token)

  const [as, client, proof] = party(demo.application)
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, proof, second.refresh_token, insecure),
  )
  assert.equal((await introspect(second.refresh_token)).active, false)
  await assert.rejects(refresh(second.refresh_token), { error: 'invalid_grant' })
})

test('revocation of a stranger is no error', async () => {
  const [as, client, proof] = party(demo.application)
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, proof, 'rt_nothing', insecure))
})
