import pkcs11js, { type Handle, type PKCS11, type Template } from 'pkcs11js'
import { expect, test } from 'vitest'
import { appWorld } from './app-world.ts'
import { onToken } from './raw-token.ts'

const KEY_WRAP = 0x2109

/** What somebody with the PIN would try, so that a key could be carried to another token after all. */
test('no MAC key leaves a token that it was made in: not wrapped, not copied, not changed, not read', async () => {
  await using world = await appWorld('mpc-auth')
  await world.provision()
  onToken(world.token, (pkcs11, session) => {
    const key = macKeyOn(pkcs11, session)
    const wrapper = wrapperOn(pkcs11, session)
    const wrap = (one: Handle) => pkcs11.C_WrapKey(session, { mechanism: KEY_WRAP }, wrapper, one, Buffer.alloc(256))
    const extractable: Template = [{ type: pkcs11js.CKA_EXTRACTABLE, value: true }]
    expect(() => wrap(key)).toThrow(/CKR_KEY_UNEXTRACTABLE/)
    expect(() => pkcs11.C_SetAttributeValue(session, key, extractable)).toThrow(/CKR_/)
    expect(() =>
      pkcs11.C_CopyObject(session, key, [...extractable, { type: pkcs11js.CKA_TOKEN, value: false }]),
    ).toThrow(/CKR_/)
    expect(() => pkcs11.C_SetAttributeValue(session, key, [{ type: pkcs11js.CKA_SENSITIVE, value: false }])).toThrow(
      /CKR_/,
    )
    expect(() => pkcs11.C_GetAttributeValue(session, key, [{ type: pkcs11js.CKA_VALUE }])).toThrow(
      /CKR_ATTRIBUTE_SENSITIVE/,
    )
    // The wrapper itself does wrap what may be wrapped.
    expect(wrap(extractableKeyOn(pkcs11, session)).length).toBe(40)
  })
})

function macKeyOn(pkcs11: PKCS11, session: Handle): Handle {
  pkcs11.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_LABEL, value: 'strongroom/mpc-auth/mac/stamp/v1' }])
  const [found] = pkcs11.C_FindObjects(session, 1)
  pkcs11.C_FindObjectsFinal(session)
  if (found === undefined) throw new Error('the app has no such key')
  return found
}

const aes = (...more: Template): Template => [
  { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
  { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
  { type: pkcs11js.CKA_TOKEN, value: false },
  { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
  ...more,
]

const wrapperOn = (pkcs11: PKCS11, session: Handle): Handle =>
  pkcs11.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, aes({ type: pkcs11js.CKA_WRAP, value: true }))

const extractableKeyOn = (pkcs11: PKCS11, session: Handle): Handle =>
  pkcs11.C_GenerateKey(
    session,
    { mechanism: pkcs11js.CKM_AES_KEY_GEN },
    aes({ type: pkcs11js.CKA_EXTRACTABLE, value: true }),
  )
