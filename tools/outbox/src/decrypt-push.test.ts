import { createECDH } from 'node:crypto'
import { expect, test } from 'vitest'
import { decryptPush } from './decrypt-push.ts'

/** RFC 8291, appendix A. */
const vector = {
  privateKey: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  body:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w' +
    'EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  text: 'When I grow up, I want to be a watermelon',
}
const pair = createECDH('prime256v1')
pair.setPrivateKey(vector.privateKey, 'base64url')
const keys = { pair, auth: Buffer.from(vector.auth, 'base64url') }
const body = Buffer.from(vector.body, 'base64url')

test('the example of the standard opens', () => {
  expect(decryptPush(body, keys).toString()).toBe(vector.text)
})

test('what was changed, cut off or meant for another does not', () => {
  const changed = Buffer.from(body)
  changed.writeUInt8(changed.readUInt8(100) ^ 1, 100)
  expect(() => decryptPush(changed, keys)).toThrow('no push for these keys')
  expect(() => decryptPush(body.subarray(0, -1), keys)).toThrow('no push for these keys')
  expect(() => decryptPush(body.subarray(0, 30), keys)).toThrow('no push for these keys')
  expect(() => decryptPush(body, { ...keys, auth: Buffer.alloc(16) })).toThrow('no push for these keys')
})
