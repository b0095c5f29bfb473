// jose verifies our access tokens by nothing but the published keys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { demo, endpoint, post } from './demo.mjs'

const keys = createRemoteJWKSet(new URL('.well-known/jwks.json', demo.issuer))

async function machineToken(audience) {
  const answer = await post(endpoint('oauth/token'), {
    grant_type: 'client_credentials',
    client_id: demo.machine.id,
    client_secret: demo.machine.secret,
    audience,
  })
  return answer.access_token
}

for (const [alg, audience] of [['EdDSA', demo.eddsaAudience], ['RS256', demo.rs256Audience]]) {
  test(`an ${alg} access token verifies`, async () => {
    const token = await machineToken(audience)
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: [alg],
      audience,
      issuer: demo.issuer,
      typ: 'at+jwt',
    })
    assert.equal(payload.sub, `${demo.machine.id}@clients`)
    assert.equal(payload.gty, 'client-credentials')
    assert.ok(protectedHeader.kid)
  })

  test(`an ${alg} access token with one changed byte does not`, async () => {
    const [header, payload, signature] = (await machineToken(audience)).split('.')
    const changed = payload.slice(0, 8) + (payload[8] === 'A' ? 'B' : 'A') + payload.slice(9)
    await assert.rejects(
      jwtVerify([header, changed, signature].join('.'), keys),
      errors.JWSSignatureVerificationFailed,
    )
  })
}

test('the key of each algorithm is its own', async () => {
  const headers = []
  for (const audience of [demo.eddsaAudience, demo.rs256Audience]) {
    headers.push(decodeProtectedHeader(await machineToken(audience)))
  }
  assert.notEqual(headers[0].kid, headers[1].kid)
})
